'use strict';
// Behind Go's wasm_exec.js: runs the program, and gives it the file by ranges.
(() => {
  let said = '';
  const log = console.log;
  console.log = text => { said = (said + text + '\n').slice(-2000); log(text); };
  const bytes = blob => new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob));
  self.onmessage = async ({data}) => {
    if (data.question) { host.ask(data.question); return; }
    const {module, file, others} = data;
    self.host = {
      size: file.size,
      modified: file.lastModified,
      read: (from, n) => { try { return bytes(file.slice(from, from + n)); } catch (e) { return String(e.message || e); } },
      ready: () => postMessage({ready: true}),
      tell: text => postMessage({text}),
      part: (id, part) => postMessage({id, part}, [part.buffer]),
    };
    try {
      host.others = others.map(bytes);
      const go = new Go();
      await go.run(await WebAssembly.instantiate(module, go.importObject));
    } catch (e) {
      said += e;
    }
    const why = said.split('\n').find(line => /^(fatal error|panic)|memory/.test(line));
    postMessage({over: why || said.slice(0, 300) || 'it has ended'});
  };
})();
