// Preloaded into Azurite, whose standard input is a pipe from the process that started it: when that ends, however it
// ends, Azurite saves its data and ends too.
process.stdin
  .on("end", () => process.emit("SIGINT") || process.exit())
  .resume();
