// The public API, as any other client would call it.
// Must not know the page.
// What this server offers is read off its own /openapi.json, so that nothing
// is asked for that it would refuse.
export const ROUTE = "analyze/segmentation-v2";
export const MASK = "image/png";
export const RLE = "application/vnd.coco.rle+json";
export const JSON_TYPE = "application/json";

/** An answer of 400 or above, or none at all. */
export class Failure extends Error {
  constructor(status, answer, requestId) {
    super(answer.message);
    this.status = status; // 0: the server did not answer
    this.errors = answer.errors ?? "";
    this.code = answer.data?.[0]?.code ?? "";
    this.stage = answer.data?.[0]?.stage ?? "";
    this.requestId = requestId ?? "";
  }
}

let apiKey = "";

/** Send this key from now on; "": none. */
export function setApiKey(key) {
  apiKey = key;
}

/** Is a key being sent? */
export function hasApiKey() {
  return apiKey !== "";
}

/** What the server offers: values per option, types of answers, errors. */
export async function readOffer() {
  const response = await fetch("openapi.json");
  const document = await response.json();
  const options = document.components.schemas.Request.properties;
  const answers = document.paths["/" + ROUTE].post.responses["200"].content;
  const has = (option, value) => options[option]?.enum?.includes(value);
  return {
    has: (option, value) => Boolean(has(option, value)),
    standard: (option) => options[option]?.default,
    takes: (type) => type in answers,
    errors: document["x-errors"] ?? [],
    version: document.info.version,
  };
}

const TYPES = { jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png",
  webp: "image/webp", heic: "image/heic", heif: "image/heif",
  avif: "image/avif" };

/** The media type of a file; systems don't know all of them. */
export function typeOf(file) {
  return file.type || TYPES[file.name?.split(".").pop().toLowerCase()]
    || "application/octet-stream";
}

/** The options that differ from the server's own, as [name, value]. */
export function said(options) {
  return Object.entries(options).filter(([, value]) => value !== undefined);
}

function request(source, options, accept) {
  const headers = { Accept: accept };
  if (apiKey) headers.Authorization = "Bearer " + apiKey;
  if (source.key !== undefined) {
    headers["Content-Type"] = JSON_TYPE;
    return [ROUTE, { method: "POST", headers, body: JSON.stringify(
      { imgSrc: source.key, ...Object.fromEntries(said(options)) }) }];
  }
  const query = new URLSearchParams(said(options)).toString();
  headers["Content-Type"] = typeOf(source.file);
  return [query ? `${ROUTE}?${query}` : ROUTE,
    { method: "POST", headers, body: source.file }];
}

async function failureOf(response) {
  let answer;
  try {
    answer = await response.json();
  } catch {
    answer = { message: response.statusText }; // of something between
  }
  return new Failure(response.status, answer,
    response.headers.get("X-Request-Id"));
}

/** Ask for a picture; source: {key} or {file}. Resolves to the answer's bytes
 *  and header fields, rejects with a Failure. */
export async function analyze(source, options, accept, signal) {
  const [url, init] = request(source, options, accept);
  const start = performance.now();
  let response;
  try {
    response = await fetch(url, { ...init, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(0, { message: "" });
  }
  if (!response.ok) throw await failureOf(response);
  return { blob: await response.blob(), headers: response.headers,
    ms: performance.now() - start };
}
