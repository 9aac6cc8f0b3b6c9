'use strict';
(() => {
  const tip = document.getElementById('tip');
  const names = JSON.parse(document.getElementById('names').textContent);
  const show = (x, y, text) => {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 8)) + 'px';
    tip.style.top = (y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18) + 'px';
  };
  const bits = b => (b >= 0.01 || b === 0 ? String(+b.toPrecision(3)) : '< 0.01') + (b === 1 ? ' bit' : ' bits');

  // Characters: what they cost, and what foresaw them.
  const describe = cell => {
    const n = +(cell.dataset.n || 1), b = +cell.dataset.b;
    let text = n === 1 ? bits(b) : n + ' bytes, ' + bits(b) + ' together, ' + bits(b / n) + ' per byte';
    text += '\nforeseen by: ' + names[+cell.dataset.w];
    const from = cell.closest('[data-offset]');
    if (from) {
      let at = +from.dataset.offset;
      for (let c = cell.previousElementSibling; c; c = c.previousElementSibling) at += +(c.dataset.n || 1);
      text += '\nbyte ' + at;
    }
    return text;
  };
  let cell = null, said = '';
  document.addEventListener('mousemove', event => {
    const over = event.target.closest && event.target.closest('i[data-b]');
    if (over) {
      if (over !== cell) said = describe(over);
      show(event.clientX, event.clientY, said);
    } else if (!event.target.closest || !event.target.closest('svg.plot')) {
      tip.hidden = true;
    }
    cell = over;
  });
  document.addEventListener('mouseleave', () => { tip.hidden = true; });

  // The curve.
  const plot = document.querySelector('svg.plot');
  if (plot) {
    const points = JSON.parse(document.getElementById('curve').textContent);
    const end = +plot.dataset.end, cursor = plot.querySelector('.cursor');
    plot.addEventListener('mousemove', event => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(plot.getScreenCTM().inverse());
      const offset = at.x / 1000 * end;
      const p = points.find(p => offset < p[0] + p[1]);
      if (!p || offset < 0) { cursor.style.opacity = 0; tip.hidden = true; return; }
      cursor.setAttribute('x1', at.x); cursor.setAttribute('x2', at.x); cursor.style.opacity = 0.5;
      let text = 'bytes ' + p[0] + ' to ' + (p[0] + p[1]) + '\n' + bits(p[2]) + ' per byte';
      if (plot.dataset.model) text += ', ' + bits(p[3]) + ' without the model';
      show(event.clientX, event.clientY, text);
    });
    plot.addEventListener('mouseleave', () => { cursor.style.opacity = 0; tip.hidden = true; });
  }

  // Colors by what foresaw the text, instead of by bits.
  const who = document.getElementById('who');
  if (who) who.addEventListener('change', () => document.body.classList.toggle('who', who.checked));
})();
