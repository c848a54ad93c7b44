// The worker: one question at a time, the latest of its kind, and within limits of time.

export const Failed = { restarted: "restarted", superseded: "superseded" };

export class Engine {
  #worker;
  #asked = null; // what the worker works on
  #waiting = new Map(); // by method, the latest question
  #ready = false;
  #seconds;
  #on;

  // `on.progress` gets a number from 0 to 1 while Python starts, which `on.ready` or
  // `on.failure` follows; `on.answer` gets the method and the milliseconds it took.
  constructor(seconds, on) {
    this.#seconds = seconds;
    this.#on = on;
    this.#start();
  }

  // A promise of the answer. It fails with `Failed.superseded` if another question with
  // this method comes before this one's turn, with `Failed.restarted` after the limit.
  ask(method, ...args) {
    return new Promise((resolve, reject) => {
      this.#waiting.get(method)?.reject(new Error(Failed.superseded));
      this.#waiting.set(method, { method, args, resolve, reject });
      this.#next();
    });
  }

  #start() {
    this.#ready = false;
    // The policy of the page holds in a worker only if its address is a blob.
    const script = `import ${JSON.stringify(new URL("worker.js", document.baseURI).href)};`;
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = ({ message }) => this.#on.failure(message);
  }

  #receive(data) {
    if ("progress" in data) return this.#on.progress(data.progress);
    if ("ready" in data) {
      this.#ready = true;
      this.#on.ready();
      return this.#next();
    }
    if (!this.#asked) return this.#on.failure(data.broken);
    const { method, resolve, reject, timer, from } = this.#asked;
    clearTimeout(timer);
    this.#asked = null;
    this.#on.answer(method, performance.now() - from);
    if ("failure" in data) reject(new Error(data.failure));
    else resolve(data.answer);
    if ("broken" in data) this.#restart();
    else this.#next();
  }

  #next() {
    if (!this.#ready || this.#asked || this.#waiting.size === 0) return;
    const [method, question] = this.#waiting.entries().next().value;
    this.#waiting.delete(method);
    question.timer = setTimeout(() => this.#interrupt(), this.#seconds * 1000);
    question.from = performance.now();
    this.#asked = question;
    this.#worker.postMessage({ method, args: question.args });
  }

  #interrupt() {
    const { reject } = this.#asked;
    this.#asked = null;
    this.#restart();
    reject(new Error(Failed.restarted));
  }

  #restart() {
    this.#worker.terminate();
    this.#start();
  }
}
