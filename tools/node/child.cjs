// Preloaded into Azurite. Its standard input is a pipe from the parent process. When the pipe closes, because the parent
// closed it or was killed, Azurite saves its data and ends too.
process.stdin
  .on("end", () => process.emit("SIGINT") || process.exit())
  .resume();
