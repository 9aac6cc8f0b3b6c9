'use strict';
(() => {
  const $ = id => document.getElementById(id);
  const make = (tag, name, text) => {
    const e = document.createElement(tag);
    if (name) e.className = name;
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const count = n => n.toLocaleString('en');
  const some = (n, thing) => count(n) + ' ' + thing + (n === 1 ? '' : 's');
  const size = n => {
    if (n < 1000) return n + ' B';
    const unit = n < 999.5e3 ? 0 : n < 999.5e6 ? 1 : n < 999.5e9 ? 2 : 3;
    return (n / 1000 ** (unit + 1)).toPrecision(3) + ' ' + ['kB', 'MB', 'GB', 'TB'][unit];
  };

  // The program, compiled once and shared by workers.
  const program = (async () => {
    const text = atob($('program').textContent);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return WebAssembly.compileStreaming(new Response(plain, {headers: {'Content-Type': 'application/wasm'}}));
  })();
  program.catch(() => {}); // whoever opens an archive is told
  const workerURL = URL.createObjectURL(new Blob([$('worker').textContent], {type: 'text/javascript'}));

  // An Engine is a worker with an archive. What it is asked it answers in turn.
  const cancelled = new Error('cancelled');
  class Engine {
    constructor({file, others}) {
      this.waiting = new Map();
      this.last = 0;
      this.worker = new Worker(workerURL);
      this.started = new Promise((resolve, reject) => {
        this.worker.onmessage = ({data}) => {
          if (data.ready) resolve();
          else if (data.over) this.stop(new Error('the program has stopped: ' + data.over));
          else if (data.part) this.waiting.get(data.id).told({part: data.part});
          else this.heard(JSON.parse(data.text));
        };
        this.worker.onerror = e => { e.preventDefault(); this.stop(new Error(e.message)); };
        this.failed = reject;
      });
      this.started.catch(() => {});
      program.then(module => this.worker.postMessage({module, file, others}), e => this.stop(e));
    }
    heard(m) {
      const w = this.waiting.get(m.id);
      if (!w) return;
      if (m.progress || m.hits) { w.told(m); return; }
      this.waiting.delete(m.id);
      if (m.error) w.reject(new Error(m.error));
      else w.resolve(m.answer);
    }
    async ask(ask, more, told) {
      await this.started;
      return new Promise((resolve, reject) => {
        const id = ++this.last;
        this.waiting.set(id, {resolve, reject, told: told || (() => {})});
        this.worker.postMessage({question: JSON.stringify({id, ask, ...more})});
      });
    }
    stop(why = cancelled) {
      this.stopped = true;
      this.worker.terminate();
      this.failed(why);
      for (const w of this.waiting.values()) w.reject(why);
      this.waiting.clear();
    }
  }

  // A Work shows what an Engine is doing, and lets it be cancelled.
  class Work {
    constructor(box, begin = () => {}) { // begin is told of each new Engine
      this.box = box;
      this.begin = begin;
      [this.bar, this.text, this.button] = box.children;
      this.button.onclick = () => this.cancel();
    }
    cancel() { if (this.engine) { this.engine.stop(); this.engine = null; } }
    end() { clearTimeout(this.timer); this.box.hidden = true; }
    async ask(files, what, question, more, told) {
      if (!this.engine || this.engine.stopped) this.begin(this.engine = new Engine(files));
      const engine = this.engine;
      this.bar.removeAttribute('value');
      this.text.textContent = what;
      this.current = (this.current || 0) + 1;
      const turn = this.current;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => { this.box.hidden = false; }, 150);
      try {
        return await engine.ask(question, more, m => {
          if (m.progress && turn === this.current) this.told(what, question, files, m.progress);
          if (told) told(m);
        });
      } finally {
        if (turn === this.current) this.end();
      }
    }
    told(what, question, files, {done, of, read}) {
      const chunk = of > 0 ? size(done) + ' of ' + size(of) + ' decompressed' : '';
      const all = ['find', 'check', 'save'].includes(question);
      this.bar.value = all ? read / Math.max(1, files.file.size) : of > 0 ? done / of : 0;
      this.text.textContent = what + (all ? ': ' + Math.floor(100 * this.bar.value) + ' %' : '') + (chunk ? ' · ' + chunk : '');
    }
  }
  const reader = new Work($('reading'), engine => { if (marked) engine.ask('highlight', {query: marked}).catch(() => {}); });
  const job = new Work($('job'));

  // What is open.
  let files = null, summary = null;
  let marked = null; // the query whose matches pages mark
  let blocks = []; // pages that are shown: {box, from, to}
  let turn = 0, busy = false;
  let hits = [], hit = -1;
  const most = 8; // blocks

  const help = [...$('found').children];
  const complain = e => {
    if (e === cancelled) return;
    $('wrong').textContent = e ? e.message || String(e) : '';
    $('wrong').hidden = !e;
  };
  const guard = f => async (...args) => { try { return await f(...args); } catch (e) { complain(e); } };

  const isArchive = async file => {
    const magic = new Uint8Array(await file.slice(0, 4).arrayBuffer());
    return MAGIC.every((b, i) => magic[i] === b);
  };

  const open = guard(async chosen => {
    const all = [...chosen];
    if (!all.length) return;
    const archives = [], others = [];
    for (const f of all) (await isArchive(f) ? archives : others).push(f);
    if (archives.length > 1) throw new Error('choose one archive at a time');
    if (!archives.length && !files) throw new Error(all[0].name + ' is not an lmz archive');
    const given = archives.length ? {file: archives[0], others} : {file: files.file, others: [...files.others, ...others]};
    reader.cancel();
    job.cancel();
    const mine = ++turn;
    files = given;
    summary = null;
    blocks = [];
    hits = [];
    hit = -1;
    complain(null);
    $('lines').replaceChildren();
    $('found').replaceChildren(...help);
    $('chunks').replaceChildren();
    $('report').replaceChildren();
    $('facts').replaceChildren();
    $('start').hidden = true;
    $('app').hidden = false;
    $('save').hidden = false;
    $('name').textContent = files.file.name;
    document.title = files.file.name + ' – lmz viewer';
    choose('found');
    try {
      const s = await reader.ask(files, 'opening', 'summary');
      if (mine !== turn) return;
      summary = s;
    } catch (e) {
      $('app').hidden = $('save').hidden = true;
      $('start').hidden = false;
      throw e;
    }
    describe();
    if (summary.size) await show('forward', {at: {offset: 0, line: 0}}, 'decompressing the beginning');
    $('lines').focus({preventScroll: true});
  });

  const short = () => summary.short ? new Error('The archive ends early, or is damaged: ' + summary.short) : null;
  const describe = () => {
    const facts = [['lines', count(summary.lines)], ['content', size(summary.size)], ['archive', size(summary.archive)]];
    if (summary.size) facts.push(['ratio', (summary.size / summary.archive).toPrecision(3)]);
    for (const [name, value] of [...facts, ...summary.facts]) {
      const div = make('div');
      div.append(make('dt', '', name), make('dd', '', value));
      $('facts').append(div);
    }
    complain(short());
    if (!summary.size) $('lines').append(make('p', 'soft', 'The archive is empty.'));
  };

  // Pages.
  const rowOf = r => {
    const row = make('div', r.lost ? 'row lost' : 'row');
    const text = make('span', 't');
    row.dataset.line = r.line;
    if (r.lost) {
      text.textContent = '✗ ' + size(r.lost.size) + ' lost, with ' + some(r.lost.lines, 'line end') + ': ' + r.lost.why;
    } else {
      fill(text, r.parts);
    }
    row.append(make('span', 'n', r.goes ? '' : count(r.line + 1)), text);
    return row;
  };
  const fill = (e, parts) => parts.forEach((part, i) => { if (part) e.append(i % 2 ? make('mark', '', part) : part); });

  const blockOf = page => {
    const box = make('div');
    box.append(...page.rows.map(rowOf));
    return {box, from: page.from, to: page.to};
  };

  const append = page => {
    const lines = $('lines'), b = blockOf(page);
    blocks.push(b);
    lines.append(b.box);
    while (blocks.length > most) {
      const gone = blocks.shift(), height = gone.box.offsetHeight;
      gone.box.remove();
      lines.scrollTop -= height;
    }
  };
  const prepend = page => {
    const lines = $('lines'), b = blockOf(page), before = lines.scrollHeight;
    blocks.unshift(b);
    lines.prepend(b.box);
    lines.scrollTop += lines.scrollHeight - before;
    while (blocks.length > most) blocks.pop().box.remove();
  };

  const show = guard(async (question, more, what, line) => {
    const mine = ++turn;
    busy = true;
    let page;
    try {
      page = await reader.ask(files, what || 'decompressing', question, more);
    } finally {
      if (mine === turn) busy = false;
    }
    if (mine !== turn) return;
    blocks = [];
    $('lines').replaceChildren();
    append(page);
    $('lines').scrollTop = question === 'back' ? $('lines').scrollHeight : 0;
    if (line !== undefined) mark(line);
    moved();
    await later(true);
  });

  const mark = line => {
    const row = $('lines').querySelector('[data-line="' + line + '"]');
    if (!row) return;
    row.classList.add('here');
    const lines = $('lines');
    lines.scrollTop = row.offsetTop - lines.offsetTop - lines.clientHeight / 3;
  };

  // later goes on behind what is shown; with fills only as far as the window is not full.
  const later = guard(async fills => {
    const mine = turn, lines = $('lines');
    while (!busy && blocks.length && blocks.at(-1).to.offset < summary.size) {
      if (fills && lines.scrollHeight > lines.clientHeight + 20) return;
      busy = true;
      try {
        const page = await reader.ask(files, 'decompressing what follows', 'forward', {at: blocks.at(-1).to});
        if (mine !== turn) return;
        append(page);
      } finally {
        if (mine === turn) busy = false;
      }
      moved();
      if (!fills) return;
    }
  });
  const earlier = guard(async () => {
    const mine = turn;
    if (busy || !blocks.length || blocks[0].from.offset === 0) return;
    busy = true;
    try {
      const page = await reader.ask(files, 'decompressing what is in front', 'back', {at: blocks[0].from});
      if (mine === turn) prepend(page);
    } finally {
      if (mine === turn) busy = false;
    }
    moved();
  });

  const top = () => { // the first line in the window
    const lines = $('lines'), edge = lines.getBoundingClientRect().top;
    for (const b of blocks) {
      if (!b.box.children.length || b.box.getBoundingClientRect().bottom <= edge) continue;
      let from = 0, to = b.box.children.length - 1;
      while (from < to) {
        const middle = (from + to) >> 1;
        if (b.box.children[middle].getBoundingClientRect().bottom <= edge + 1) from = middle + 1; else to = middle;
      }
      return +b.box.children[from].dataset.line;
    }
    return 0;
  };
  const moved = () => {
    if (!summary || !blocks.length) return;
    const line = top();
    $('slider').value = summary.lines ? 1000 * line / summary.lines : 0;
    $('where').textContent = 'line ' + count(line + 1) + ' of ' + count(Math.max(summary.lines, line + 1));
    $('earlier').disabled = $('first').disabled = blocks[0].from.offset === 0 && $('lines').scrollTop === 0;
  };

  let scheduled = false;
  $('lines').addEventListener('scroll', () => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      moved();
      const lines = $('lines');
      if (lines.scrollTop + lines.clientHeight > lines.scrollHeight - 600) later();
      else if (lines.scrollTop < 300) earlier();
    });
  });
  $('lines').addEventListener('wheel', e => { if (e.deltaY < 0 && $('lines').scrollTop === 0) earlier(); }, {passive: true});
  $('lines').addEventListener('keydown', e => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === 'Home') { e.preventDefault(); first(); }
    if (e.key === 'End') { e.preventDefault(); last(); }
    if (['PageUp', 'ArrowUp'].includes(e.key) && $('lines').scrollTop === 0) earlier();
  });

  const first = () => show('forward', {at: {offset: 0, line: 0}});
  const last = () => show('back', {at: {offset: summary.size}});
  const line = (number, marked) => show('line', {number: Math.max(1, marked ? number - 5 : number)}, undefined, marked ? number - 1 : undefined);
  $('first').onclick = first;
  $('last').onclick = last;
  $('earlier').onclick = earlier;
  $('later').onclick = () => later();
  $('slider').onchange = () => {
    const at = +$('slider').value;
    if (at >= 1000) last(); else line(1 + Math.floor(at / 1000 * summary.lines));
  };
  $('goto').onsubmit = e => {
    e.preventDefault();
    const number = parseInt($('number').value.replace(/[^0-9]/g, ''), 10);
    if (number > 0) { line(number, true); $('lines').focus({preventScroll: true}); }
  };
  $('wrap').onchange = () => $('lines').classList.toggle('long', !$('wrap').checked);

  // Searching.
  const query = () => $('text').value || $('since').value || $('until').value ? {
    text: $('text').value, anyCase: $('anyCase').checked, word: $('word').checked, expression: $('expression').checked,
    since: $('since').value, until: $('until').value,
  } : null;
  $('search').onsubmit = guard(async e => {
    e.preventDefault();
    complain(short());
    job.cancel();
    hits = [];
    hit = -1;
    const panel = $('found'), heading = make('p', 'soft'), list = make('div'), mine = {};
    panel.mine = mine;
    panel.replaceChildren(heading, list);
    choose('found');
    const q = query();
    const shown = blocks.length ? top() : 0;
    await reader.ask(files, 'searching', 'highlight', {query: q});
    marked = q;
    line(shown + 1);
    if (!q) return;
    let damaged = 0;
    try {
      const found = await job.ask(files, 'searching', 'find', {query: q}, m => {
        if (panel.mine !== mine) return;
        for (const h of m.hits || []) {
          if (h.lost) damaged += h.lost.size;
          const b = make('button', h.lost ? 'hit bad' : 'hit');
          b.type = 'button';
          b.append(make('b', '', count(h.line + 1)));
          if (h.lost) b.append(size(h.lost.size) + ' could not be searched: ' + h.lost.why); else fill(b, h.parts);
          const index = hits.length;
          b.onclick = () => go(index);
          hits.push({line: h.line, button: b});
          list.append(b);
        }
        heading.textContent = some(hits.length, 'line') + ' so far';
      });
      heading.textContent = some(found.Lines, 'line') + (found.Lines > hits.length ? ', of which ' + count(hits.length) + ' are listed' : '') +
        '; ' + count(found.Chunks - found.Skipped) + ' of ' + some(found.Chunks, 'chunk') + ' decompressed' + (damaged ? '; ' + size(damaged) + ' could not be searched' : '');
      if (found.Lines && hit < 0) go(0);
    } catch (e) {
      if (e !== cancelled) { heading.textContent = e.message; heading.className = 'bad'; } else heading.textContent += ', cancelled';
    }
  });
  const go = index => {
    if (index < 0 || index >= hits.length) return;
    if (hits[hit]) hits[hit].button.removeAttribute('aria-current');
    hit = index;
    hits[hit].button.setAttribute('aria-current', 'true');
    hits[hit].button.scrollIntoView({block: 'nearest'});
    line(hits[hit].line + 1, true);
  };

  // Chunks, and whether they are intact.
  const tabs = ['found', 'chunks', 'check'];
  const choose = name => {
    for (const t of tabs) {
      $('tab-' + t).setAttribute('aria-selected', t === name);
      $('tab-' + t).tabIndex = t === name ? 0 : -1;
      $(t).hidden = t !== name;
    }
    if (name === 'chunks' && !$('chunks').children.length) list();
  };
  for (const t of tabs) {
    $('tab-' + t).onclick = () => choose(t);
    $('tab-' + t).onkeydown = e => {
      const step = {ArrowRight: 1, ArrowLeft: 2}[e.key];
      if (!step) return;
      const next = tabs[(tabs.indexOf(t) + step) % 3];
      choose(next);
      $('tab-' + next).focus();
    };
  }
  const list = guard(async () => {
    const l = await job.ask(files, 'reading the heads of chunks', 'list');
    const panel = $('chunks'), by = Object.entries(l.by).map(([m, n]) => m + ' ' + count(n)).join(', ');
    panel.replaceChildren(make('p', 'soft', some(l.count, 'chunk') + ' in ' + some(l.frames, 'frame') + (by ? ': ' + by : '')));
    if (l.wrong) panel.append(make('p', 'bad', l.wrong));
    const table = make('table'), head = make('tr');
    for (const name of ['line', 'lines', 'content', 'archive', 'method']) {
      const th = make('th', '', name);
      th.scope = 'col';
      head.append(th);
    }
    table.append(head);
    for (const c of l.chunks) {
      const row = make('tr'), td = make('td'), b = make('button', '', count(c.line + 1));
      b.type = 'button';
      b.onclick = () => line(c.line + 1);
      td.append(b);
      row.append(td, make('td', '', count(c.lines)), make('td', '', size(c.raw)), make('td', '', size(c.size)), make('td', '', c.method));
      table.append(row);
    }
    panel.append(table);
    if (l.count > l.chunks.length) panel.append(make('p', 'soft', 'and ' + some(l.count - l.chunks.length, 'more chunk')));
  });
  $('verify').onclick = guard(async () => {
    const box = $('report');
    box.replaceChildren();
    try {
      job.cancel();
      const r = await job.ask(files, 'checking', 'check');
      if (r.intact) { box.append(make('p', 'good', '✓ All of it decompresses, and is as it was written.')); return; }
      box.append(make('p', 'bad', r.losses.length ? '✗ ' + some(r.losses.length, 'part') + ' lost:' : 'Nothing is lost, but something is damaged:'));
      for (const l of r.losses) {
        const p = make('p', '', l.text + ' ');
        if (l.line >= 0) {
          const b = make('button', '', 'show');
          b.type = 'button';
          b.onclick = () => line(l.line + 1);
          p.append(b);
        }
        box.append(p);
      }
      for (const text of r.repaired) box.append(make('p', 'soft', text));
      if (r.unknown) box.append(make('p', 'bad', r.unknown));
    } catch (e) {
      box.append(make('p', 'bad', e === cancelled ? 'cancelled' : e.message));
    }
  });
  $('save').onclick = guard(async () => {
    job.cancel();
    const parts = []; // blobs, which the browser keeps on disk
    await job.ask(files, 'decompressing', 'save', {}, m => { if (m.part) parts.push(new Blob([m.part])); });
    const a = make('a');
    a.href = URL.createObjectURL(new Blob(parts));
    a.download = files.file.name.replace(/\.lmz$/, '');
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 60000);
  });

  // Files come from the button, or are dropped.
  $('file').onchange = () => { open($('file').files); $('file').value = ''; };
  addEventListener('dragover', e => { e.preventDefault(); document.body.classList.add('over'); });
  addEventListener('dragleave', e => { if (!e.relatedTarget) document.body.classList.remove('over'); });
  addEventListener('drop', e => { e.preventDefault(); document.body.classList.remove('over'); open(e.dataTransfer.files); });

  addEventListener('keydown', e => {
    if (e.key === 'Escape') { job.cancel(); if (busy) reader.cancel(); return; }
    if (!summary || e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA)$/.test(e.target.tagName)) return;
    const act = {'/': () => $('text').select(), g: () => $('number').select(), n: () => go(hit + 1), N: () => go(hit - 1)}[e.key];
    if (act) { e.preventDefault(); act(); }
  });
})();
