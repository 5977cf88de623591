// A receiver of hooks that knows nothing of the exporter but hook.openapi.yaml: Node's own modules only.
// HOOK_SECRETS holds its secrets as a JSON object, by the path that each guards. It prints its port, then answers
//   POST /NAME   401 with a word on why, else 200 with outcomes; a repetition as the first time
//   GET  /       what it has done: {"acted": [delivery ids], "repeated": [...], "refused": [reasons], "errors": [ids]}
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const WINDOW = 300;
const secrets = JSON.parse(process.env.HOOK_SECRETS);
const answers = new Map();
const seen = { acted: [], repeated: [], refused: [], errors: [] };

function why(header, body, secret) {
  const parts = (header ?? "").split(",").map((part) => part.split("="));
  const time = parts.find(([key]) => key === "t")?.[1] ?? "";
  const given = parts.filter(([key]) => key === "v1").map(([, digest]) => Buffer.from(digest ?? "", "hex"));
  const right = createHmac("sha256", secret).update(`${time}.`).update(body).digest();
  if (!given.some((digest) => digest.length === right.length && timingSafeEqual(digest, right))) return "signature";
  if (!(Math.abs(Date.now() / 1000 - Number(time)) <= WINDOW)) return "late";
  return null;
}

function outcomes(delivery) {
  seen.errors.push(...delivery.records.map((record) => record.error_id));
  const rejected = delivery.records.filter((record) => record.salesforce_id === null);
  return JSON.stringify({
    accepted: delivery.records.filter((record) => !rejected.includes(record)).map((record) => record.error_id),
    rejected: rejected.map((record) => ({ id: record.error_id, reason: "in Salesforce there is none" })),
  });
}

function take(request, body) {
  const refusal = why(request.headers["hubspot-salesforce-signature"], body, secrets[request.url.slice(1)] ?? "");
  if (refusal !== null) {
    seen.refused.push(refusal);
    return [401, JSON.stringify({ reason: refusal })];
  }
  const delivery = JSON.parse(body);
  if (answers.has(delivery.delivery_id)) {
    seen.repeated.push(delivery.delivery_id);
  } else {
    seen.acted.push(delivery.delivery_id);
    answers.set(delivery.delivery_id, outcomes(delivery));
  }
  return [200, answers.get(delivery.delivery_id)];
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const [status, text] =
      request.method === "GET" ? [200, JSON.stringify(seen)] : take(request, Buffer.concat(chunks));
    response.writeHead(status, { "content-type": "application/json" }).end(text);
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
