// A few workers that fetch and decode; each job goes to the one with the least to do.

const workers = [];
const waiting = new Map();
let last = 0;

/** Starts the workers, before there is anything to do. */
export function start() {
  if (workers.length) return;
  const count = Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 2) - 1));
  for (let k = 0; k < count; k++) {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    const entry = { worker, jobs: 0 };
    worker.onmessage = ({ data }) => settle(entry, data);
    worker.onerror = (event) => {
      event.preventDefault();
      for (const [id, job] of waiting) if (job.entry === entry) settle(entry, { id, error: `the worker failed: ${event.message}` });
    };
    workers.push(entry);
  }
}

function settle(entry, answer) {
  const job = waiting.get(answer.id);
  if (!job) return;
  waiting.delete(answer.id);
  entry.jobs -= 1;
  job.done(answer);
}

/** Starts `job` (see worker.js) and calls `done(answer)`; returns a function that cancels it. */
export function run(job, done) {
  start();
  const entry = workers.reduce((least, other) => (other.jobs < least.jobs ? other : least));
  last += 1;
  const id = last;
  entry.jobs += 1;
  waiting.set(id, { entry, done });
  entry.worker.postMessage({ ...job, id });
  return () => entry.worker.postMessage({ cancel: id });
}

/** Workers started so far. */
export function size() {
  return workers.length;
}
