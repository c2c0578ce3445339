// The program that does what the page just did, in three languages.
// Must not know the page: it gets what to say.
// Texts are quoted for the shell, Python and JavaScript; keys may hold
// anything.
import { JSON_TYPE, ROUTE, hasApiKey, said, typeOf } from "./api.js";

const FILE_NAMES = { [JSON_TYPE]: "mask.json", "image/png": "mask.png" };

const shell = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
// JSON's strings are valid in both other languages.
const quoted = (text) => JSON.stringify(text);

/** Everything that the three need, worked out once. */
function plan({ source, options, accept }) {
  const isKey = source.key !== undefined;
  const query = isKey ? "" : new URLSearchParams(said(options)).toString();
  const headers = [["Content-Type", isKey ? JSON_TYPE : typeOf(source.file)]];
  if (accept !== JSON_TYPE) headers.push(["Accept", accept]);
  return {
    isKey, headers, accept,
    url: new URL(ROUTE, location.href).href + (query ? "?" + query : ""),
    body: isKey
      ? { imgSrc: source.key, ...Object.fromEntries(said(options)) } : null,
    file: isKey ? "" : source.file.name || "photo.jpg",
    out: options.output === "cutout" ? "cutout.png"
      : FILE_NAMES[accept] ?? "mask.json",
  };
}

function curl({ url, headers, body, file, isKey, out }) {
  const words = ["curl -s " + (/[?&']/.test(url) ? shell(url) : url)];
  for (const [name, value] of headers) {
    words.push("-H " + shell(`${name}: ${value}`));
  }
  if (hasApiKey()) words.push('-H "Authorization: Bearer $API_KEY"');
  words.push(isKey ? "-d " + shell(JSON.stringify(body))
    : "--data-binary " + shell("@" + file), "-o " + out);
  return words.join(" \\\n     ");
}

const python = ({ url, headers, body, file, isKey, accept, out }) => {
  const sent = headers.filter(([name]) => !isKey || name !== "Content-Type")
    .map(([name, value]) => `${quoted(name)}: ${quoted(value)}`);
  if (hasApiKey()) sent.push('"Authorization": "Bearer " + API_KEY');
  const lines = ["import requests", "", "answer = requests.post(",
    `    ${quoted(url)},`];
  if (sent.length) lines.push(`    headers={${sent.join(", ")}},`);
  lines.push(isKey ? `    json=${pythonDict(body)})`
    : `    data=open(${quoted(file)}, "rb"))`, "answer.raise_for_status()");
  lines.push(accept === JSON_TYPE ? 'rows = answer.json()["data"]'
    : `open(${quoted(out)}, "wb").write(answer.content)`);
  return lines.join("\n");
};

const pythonDict = (object) => "{" + Object.entries(object)
  .map(([name, value]) => `${quoted(name)}: ${JSON.stringify(value)}`)
  .join(", ") + "}";

const javascript = ({ url, headers, body, file, isKey, accept, out }) => {
  const sent = headers
    .map(([name, value]) => `    ${quoted(name)}: ${quoted(value)},`);
  if (hasApiKey()) sent.push('    Authorization: "Bearer " + API_KEY,');
  return [...(isKey && accept === JSON_TYPE ? []
    : ['import { readFile, writeFile } from "node:fs/promises";', ""]),
  `const answer = await fetch(${quoted(url)}, {`, '  method: "POST",',
  "  headers: {", ...sent, "  },",
  isKey ? `  body: JSON.stringify(${JSON.stringify(body)}),`
    : `  body: await readFile(${quoted(file)}),`,
  "});", accept === JSON_TYPE ? "const { data } = await answer.json();"
    : `await writeFile(${quoted(out)}, Buffer.from(await answer.arrayBuffer()));`,
  ].join("\n");
};

const WRITERS = { curl, python, javascript };

/** The program text; what: {source, options, accept}. */
export function program(language, what) {
  return WRITERS[language](plan(what));
}
