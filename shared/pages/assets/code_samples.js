// Programs that send one request, with the login: for a shell, Python and JavaScript.
//
// They read the login from the variables that ./egl score reads, so no secret is in a text that people copy and keep.

import { absoluteUrl } from "./service.js";

const MAX_LINE = 100;
const INDENT = 2;

/** Return the shell commands. */
export function curlSample(path, instance, login) {
  return `${curlLogin(login)}
curl -s ${shellUrl(path)} \\
  -H "Authorization: Bearer ${login === "token" ? "$EGL_ML_TOKEN" : "${TOKEN:?The login failed}"}" \\
  -H "Content-Type: application/json" \\
  -d ${shellQuote(formatJson({ instances: [instance] }))}`.trimStart();
}

/** The password goes through a pipe: other users of a machine can read a command's arguments. */
function curlLogin(login) {
  if (login === "token") return "";
  return `TOKEN=$(printf %s "$EGL_ML_PASSWORD" |
  curl -sSf ${shellUrl("token")} --data-urlencode "username=$EGL_ML_USER" --data-urlencode password@- |
  sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
`;
}

/** Return the Python program. It needs no package. */
export function pythonSample(path, instance, login) {
  const tokenLines =
    login === "token"
      ? 'token = os.environ["EGL_ML_TOKEN"]'
      : `user = os.environ.get("EGL_ML_USER") or input("User: ")
password = os.environ.get("EGL_ML_PASSWORD") or getpass()
login = urlencode({"username": user, "password": password}).encode()
with urlopen(url + "token", login) as response:
    token = json.load(response)["access_token"]`;
  return `import json
import os
${login === "token" ? "" : "from getpass import getpass\nfrom urllib.parse import urlencode\n"}from urllib.request import Request, urlopen

url = ${formatPython(absoluteUrl("."))}
${tokenLines}

body = ${formatPython({ instances: [instance] })}
headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
with urlopen(Request(url + "${path}", json.dumps(body).encode(), headers)) as response:
    print(json.load(response))`;
}

/** Return the JavaScript program, for Node 18 and later. */
export function javascriptSample(path, instance, login) {
  const tokenLines =
    login === "token"
      ? "const token = process.env.EGL_ML_TOKEN;"
      : `const { EGL_ML_USER: username, EGL_ML_PASSWORD: password } = process.env;
const login = await fetch(url + "token", { method: "POST", body: new URLSearchParams({ username, password }) });
if (!login.ok) throw new Error(await login.text());
const { access_token: token } = await login.json();`;
  return `const url = ${JSON.stringify(absoluteUrl("."))};
${tokenLines}

const body = ${formatJavascript({ instances: [instance] })};
const headers = { Authorization: \`Bearer \${token}\`, "Content-Type": "application/json" };
const response = await fetch(url + "${path}", { method: "POST", headers, body: JSON.stringify(body) });
console.log(await response.text());`;
}

/** Return JSON: one line if it is short. */
function formatJson(value) {
  const line = JSON.stringify(value);
  return line.length <= MAX_LINE ? line : JSON.stringify(value, null, INDENT);
}

/** Return a literal of Python: JSON, but for three words, which are replaced outside of strings. */
function formatPython(value) {
  const words = { true: "True", false: "False", null: "None" };
  return formatJson(value).replace(/"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g, (part) => words[part] ?? part);
}

/** Return a literal of JavaScript: JSON, but in a literal a plain `__proto__` would set the prototype. */
function formatJavascript(value) {
  return formatJson(value).replace(/(?<!\\)"__proto__":/g, '["__proto__"]:');
}

function shellUrl(path) {
  const url = absoluteUrl(path);
  return /^[\w:/.%~-]+$/.test(url) ? url : shellQuote(url);
}

function shellQuote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
