package stream

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/cover"
	"github.com/lmz-go/lmz/internal/engine"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/internal/timestamp"
	"github.com/lmz-go/lmz/lm"
)

// Writer writes one frame of an archive. It is made by NewWriter, and belongs to one goroutine at a
// time. It holds at most two chunks, raw and coded, for each lane of each worker, and with
// WithVerify three, decoded as well; and before it writes anything, of content of more than a chunk
// the first 16 or 32 MiB, to choose what chunks start from (see WithPrimer).
type Writer struct {
	w        io.Writer
	model    *engine.Model // nil: none
	opts     *writerOptions
	says     *Header      // what the frame's header says, but for the model
	id       *lm.ModelID  // of the model
	maxChunk int          // bytes
	pool     *engine.Pool // nil until it is needed, and after Close
	shape    engine.Shape // of its tasks
	spare    *engine.Spare

	buf      []byte        // the chunk that is being filled, or the first ones
	expected int           // bytes that ReadFrom is told are left; 0: nobody knows
	wide     bool          // buf is a part of what held several chunks
	lead     []byte        // of the first chunk
	inFlight []*encodeTask // in order
	free     []*encodeTask
	begun    bool          // the header has been written
	primer   int           // bytes of the first chunk if others start from it; 0: none does
	primes   bool          // the first chunk is what others start from, should there be any
	chunks   int64         // submitted
	asks     bool          // the method asks the model
	decided  bool          // asks stays as it is
	primed   *coder.Primed // what chunks start from
	parity   []byte        // record that protects the primer, due in front of the second chunk
	verifier *verifier     // nil: chunks are not read back
	filters  filters
	hashes   *lineHashes // nil: there are none
	lineHead []byte      // the beginning of the line that goes on behind what was submitted
	index    format.Index
	out      []byte
	err      error // sticky
	closed   bool
}

// NewWriter makes a Writer that writes a frame to w. With m nil only methods without a model can be
// used; else m must stay open until Close, and its probe is computed here. What fails later fails
// all later calls with the same error. Close must be called, also after an error. With w nil, all
// that can be called is Reset, EncodeAll and Close.
func NewWriter(w io.Writer, m lm.Model, opts ...WriterOption) (*Writer, error) {
	o, err := newWriterOptions(m, opts)
	if err != nil {
		return nil, err
	}
	h := Header{ChunkSize: max(o.chunkSize, o.primerSize), Mixes: o.method == codec.Mix || o.method == codec.BWT, Level: o.level, TimeFormat: o.timeFormat}
	switch {
	case o.dictionary != nil:
		h.Primer, h.Dict = format.PrimerDictionary, sha256.Sum256(o.dictionary)
	case o.primerSize > 0:
		h.Primer = format.PrimerFirstChunk
	}
	if !asksModel(o.method) {
		m = nil
	}
	z := &Writer{spare: new(engine.Spare), opts: o, says: &h, maxChunk: h.ChunkSize}
	if m != nil {
		id := m.ID()
		if len(id.Class) < 1 || len(id.Class) > format.MaxClass {
			return nil, fmt.Errorf("stream: numeric class %q of the model, want 1 to %d bytes", id.Class, format.MaxClass)
		}
		z.id, h.Window = &id, o.window
		if z.model, err = engine.Probe(o.ctx, m); err != nil {
			return nil, err
		}
		h.Probe = z.model.Probe
	}
	if o.dictionary != nil {
		if z.primed, err = coder.Prime(o.ctx, o.level, h.ChunkSize, o.dictionary); err != nil {
			return nil, err
		}
	}
	z.Reset(w)
	return z, nil
}

// Reset makes the Writer write a new frame to w, as NewWriter would with the same model and
// options. What has not been written of the frame before it is dropped. With w nil, all that can be
// called then is Reset, EncodeAll and Close.
func (z *Writer) Reset(w io.Writer) {
	z.stop()
	primed, before := z.primed, z.verifier
	says := *z.says
	says.ChunkSize, says.Lone = max(z.opts.chunkSize, z.opts.primerSize), false
	*z = Writer{
		w: w, model: z.model, opts: z.opts, says: &says, id: z.id, maxChunk: says.ChunkSize, spare: z.spare,
		shape: engine.NewShape(z.model, z.opts.window.Window, says.Mixes, z.opts.lanes),
		asks:  z.model != nil, decided: z.model == nil || z.opts.method != codec.Mix,
		buf: z.buf[:0], free: append(z.free, z.inFlight...), out: z.out,
		index: format.NewIndex(&says), primer: z.opts.primerSize,
	}
	if z.opts.hashes {
		z.hashes = new(lineHashes)
	}
	if z.opts.verify {
		z.verifier = newVerifier(z.opts, z.says)
	}
	if z.opts.dictionary != nil {
		z.primed = primed
		if before != nil {
			z.verifier.primed = before.primed
		}
	}
}

// Write adds p to the archive.
func (z *Writer) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if err := z.room(); err != nil {
			return n, err
		}
		take := min(len(p), z.limit()-len(z.buf))
		z.grow(take)
		z.buf = append(z.buf, p[:take]...)
		p = p[take:]
		n += take
	}
	return n, z.err
}

// ReadFrom adds what r gives until io.EOF to the archive. An error of r is one of the Writer: Close
// does not make what came before it look like the whole. If r has a method Len, as a bytes.Reader
// has, there is less garbage: it tells how many bytes are to come, or 0.
func (z *Writer) ReadFrom(r io.Reader) (n int64, err error) {
	if l, ok := r.(interface{ Len() int }); ok {
		z.expected = l.Len()
	}
	defer func() { z.expected = 0 }()
	var more [512]byte
	for empty := 0; ; {
		if z.check(); z.err != nil {
			return n, z.err
		}
		into := more[:] // a chunk that is full is cut only if more comes
		full := len(z.buf) >= z.limit()
		if !full {
			z.grow(min(4096, z.limit()-len(z.buf)))
			into = z.buf[len(z.buf):min(cap(z.buf), z.limit())]
		}
		got, err := r.Read(into)
		if got < 0 || got > len(into) {
			z.err = errBadRead
			return n, z.err
		}
		if !full {
			z.buf = z.buf[:len(z.buf)+got]
		} else if _, err := z.Write(into[:got]); err != nil {
			return n, err
		}
		n += int64(got)
		z.expected = max(0, z.expected-got)
		if empty++; got > 0 {
			empty = 0
		}
		switch {
		case err == io.EOF:
			return n, nil
		case err != nil:
			z.err = err
		case empty == 100:
			z.err = io.ErrNoProgress
		}
	}
}

// grow makes the buffer fit so many bytes more. If nobody knows how many will come, it doubles up to
// a chunk, and then grows to all that is collected at once: append would leave several times as much
// behind to be collected.
func (z *Writer) grow(n int) {
	need := len(z.buf) + n
	if need <= cap(z.buf) {
		return
	}
	room := z.limit()
	switch {
	case z.expected > 0:
		room = min(room-need, z.expected) + need
	case z.chunks > 0 || need <= z.maxChunk:
		room = min(2*cap(z.buf), z.most())
	}
	grown := make([]byte, len(z.buf), max(need, room))
	copy(grown, z.buf)
	z.buf = grown
}

// room makes room for at least one more byte in the chunk. Only a chunk that goes on is cut.
func (z *Writer) room() error {
	z.check()
	// What is left behind a primer may be several chunks.
	for z.err == nil && len(z.buf) >= z.limit() {
		z.submitChunk()
	}
	return z.err
}

// submitChunk cuts a chunk off the buffer, which holds more.
func (z *Writer) submitChunk() {
	size := z.opts.chunkSize
	if z.chunks == 0 {
		size = z.firstSize()
		if z.check(); z.err != nil { // looking for a lead may have been cut short
			return
		}
	}
	z.submit(cut(z.buf[:size]), true)
}

// firstSize is the size of the first chunk. If others start from it, it also looks for a lead.
func (z *Writer) firstSize() int {
	z.wide = len(z.buf) > z.maxChunk
	size := z.opts.chunkSize
	if !z.opts.primed && size >= leastNew*z.primer && z.sorts(z.buf[:size]) {
		z.primer = 0 // what is sorted starts from nothing
	}
	if z.primer == 0 {
		return size
	}
	if !z.leads() {
		return z.primer
	}
	known := z.buf[:preset.MinPrimer] // how much more of it there will be depends on the lead
	z.lead = cover.Pick(z.opts.ctx, z.buf, size, known, preset.MaxLead, preset.LeadLeast(size))
	if size < z.primer { // it takes a part of the room
		return z.primer - len(z.lead)
	}
	return z.primer
}

// leads reports whether the first chunk may have a lead.
func (z *Writer) leads() bool {
	return z.primer > 0 && !z.opts.primed && preset.LeadView(z.opts.chunkSize) > 0
}

// check finds what lets nothing be written.
func (z *Writer) check() {
	switch {
	case z.err != nil:
	case z.w == nil:
		z.err = errNoTarget
	default:
		z.err = context.Cause(z.opts.ctx)
	}
}

// sorts reports whether a chunk is to be tried with codec.BWT: prose that does not ask a model, is
// large enough for its level, and has next to nothing to learn from what it starts from.
func (z *Writer) sorts(chunk []byte) bool {
	least := preset.Level(z.opts.level).Sorted
	if z.opts.method != codec.Mix || z.model != nil && (z.asks || !z.decided) || least == 0 {
		return false
	}
	from := len(z.opts.dictionary)
	if z.primed != nil && from == 0 {
		from = z.primer
	}
	return len(chunk) >= max(least, leastNew*from) && mix.IsProse(chunk)
}

// leastNew is how many times as large as what it starts from a chunk must be to be sorted.
const leastNew = 4

// limit is how much is collected before a chunk is cut. There is a primer only if the input does
// not fit into one chunk.
func (z *Writer) limit() int {
	switch {
	case z.chunks > 0:
		return z.opts.chunkSize
	case z.leads():
		return preset.LeadView(z.opts.chunkSize)
	}
	return z.maxChunk
}

// most is how large a chunk that is cut now can be.
func (z *Writer) most() int {
	if z.chunks > 0 {
		return z.opts.chunkSize
	}
	return z.maxChunk
}

// submit gives the first n bytes of the buffer to the workers as a chunk; more says that others may
// follow.
func (z *Writer) submit(n int, more bool) {
	if !more && z.chunks == 0 && !z.decided && n < preset.LeastAsked && preset.Level(z.opts.level).Model != preset.Always {
		z.asks, z.decided = false, true
		z.shape.Model, z.shape.Window = nil, 0
	}
	if !more && z.chunks == 0 && !z.begun && n <= format.MaxLone && z.opts.dictionary == nil && z.opts.timeFormat == "" {
		z.says.ChunkSize, z.says.Lone, z.maxChunk = n, true, n
	}
	if z.pool == nil {
		z.pool = engine.NewPool(z.opts.ctx, z.opts.workers, true, z.spare)
	}
	limit := 2*z.pool.Concurrency(z.shape) - 1
	if z.opts.verify {
		limit += z.pool.Concurrency(z.shape)
	}
	if z.primer > 0 && z.primed == nil || !z.decided {
		limit = 0 // the first chunk, if there is one, is the primer, or decides
	}
	if z.emit(limit); z.err != nil {
		return
	}
	t := &encodeTask{mislead: z.opts.mislead}
	if last := len(z.free) - 1; last >= 0 {
		t, z.free = z.free[last], z.free[:last]
	}
	t.raw = z.take(t.raw[:0], n)
	t.text, t.lead = t.raw, len(z.lead)
	if t.lead > 0 {
		t.text, z.lead = slices.Concat(z.lead, t.raw), nil
	}
	t.primes, t.primed, t.back = more && z.chunks == 0 && z.primer > 0, nil, nil
	z.primes = z.primes || t.primes
	t.decides, t.alone = !z.decided, t.alone[:0]
	t.sorts = !t.primes && z.sorts(t.raw)
	t.before, t.share = z.filters.context(t.raw), z.opts.filter
	if z.says.Lone {
		t.finder, t.begun, t.share = nil, nil, 0 // it is small, and sooner decoded than told about
	} else {
		t.finder, t.begun = z.opts.times, z.lineHead
	}
	z.lineHead = timestamp.Begun(z.lineHead, t.raw)
	t.lone = z.chunks == 0 && !more
	z.hashes.submit(t)
	t.Run = z.encode(t)
	z.chunks++
	z.inFlight = append(z.inFlight, t)
	z.pool.Submit(&t.Task, z.shape)
	z.emit(len(z.inFlight))
}

// take takes the first n bytes off the buffer; to is memory that is free.
func (z *Writer) take(to []byte, n int) (chunk []byte) {
	if !z.wide {
		rest := append(to, z.buf[n:]...)
		chunk, z.buf = z.buf[:n], rest
		return chunk
	}
	chunk, z.buf = append(to, z.buf[:n]...), z.buf[n:]
	if len(z.buf) <= z.opts.chunkSize {
		z.buf, z.wide = slices.Clone(z.buf), false // lets go of what is in front of it
	}
	return chunk
}

func (z *Writer) encode(t *encodeTask) func(*coder.Lane) error {
	params := coder.Params{Window: z.opts.window, Level: z.opts.level, Primed: z.primed, Alone: !z.asks}
	if t.primes {
		params.Later = z.maxChunk
	}
	return func(l *coder.Lane) error {
		err := t.encode(l, z.opts.method, params)
		if err == nil {
			t.filter = newChunkFilter(t)
			t.hashLines()
			if t.header.Method == codec.Mix {
				t.header.Sums = format.PrefixSums(t.raw)
			}
			if z.opts.misfilter != nil {
				z.opts.misfilter(&t.filter)
			}
		}
		return err
	}
}

// decide drops the model from a frame if it did too little for the first chunk: an archive that
// names no model can be read without it, on any machine.
func (z *Writer) decide(t *encodeTask) error {
	z.decided = true
	named := int64(len(z.header(true)) - len(z.header(false)))
	if preset.Level(z.opts.level).Model != preset.Always {
		named += int64(len(t.payload) / worthwhile)
	}
	if t.saved/8 > named {
		return nil
	}
	z.asks = false
	if t.sorts = !t.primes && z.sorts(t.raw); !t.sorts && t.header.Method == codec.Mix && compresses(t.alone, t.text) {
		t.payload = t.alone
		return nil
	}
	t.Run = z.encode(t)
	return z.again(t)
}

// again runs a task that has ended once more, and waits for it.
func (z *Writer) again(t *encodeTask) error {
	z.pool.Submit(&t.Task, z.shape)
	z.pool.Kick()
	<-t.Done()
	return t.Err()
}

// worthwhile is the share of the first chunk's size that the model must have saved to be used, as a
// divisor, beyond the bytes that name it.
const worthwhile = 100

// emit writes finished chunks, in order, and waits for them while more than limit are in flight.
func (z *Writer) emit(limit int) {
	for len(z.inFlight) > 0 && z.err == nil {
		if z.err = z.readBack(); z.err != nil {
			return
		}
		t := z.inFlight[0]
		if len(z.inFlight) > limit {
			z.pool.Kick()
			<-t.Done()
		}
		select {
		case <-t.Done():
		default:
			return
		}
		err := t.Err()
		if err == nil && !z.decided {
			err = z.decide(t)
		}
		if z.verifier != nil && err == nil {
			if err = z.readBack(); err == nil { // of the chunks behind it, too
				err = z.verify(t)
			}
		}
		z.inFlight = z.inFlight[1:]
		if err != nil {
			z.err = fmt.Errorf("stream: encode chunk %d: %w", z.index.Total.Chunks, err)
			return
		}
		z.begin()
		if z.parity != nil {
			z.put(z.parity)
			z.index.Auxiliary(int64(len(z.parity)))
			z.parity = nil
		}
		z.putFilters()
		z.out = format.AppendChunk(z.out[:0], &t.header, z.maxChunk, z.index.Total.Chunks, t.payload)
		z.index.Chunk(int64(len(z.out)), t.header.Raw, t.header.Lines)
		if t.primed != nil {
			z.primed, t.primed = t.primed, nil
			z.parity = format.AppendParity(nil, format.AuxParity, z.out)
		}
		z.put(z.out)
		if z.opts.decoded != nil && z.err == nil {
			_, z.err = z.opts.decoded.Write(t.back.Raw)
		}
		z.filters.add(z.index.Total.Chunks-1, t.filter)
		z.hashes.add(t)
		t.back = nil
		z.free = append(z.free, t)
		if z.opts.progress != nil && z.err == nil {
			z.opts.progress(z.index.Total.Raw, int64(len(z.frameHeader()))+z.index.Total.Records)
		}
	}
}

// protectLone writes parity of a large chunk that has turned out to be the frame's only one.
func (z *Writer) protectLone() {
	if z.err == nil && z.index.Total.Chunks == 1 && len(z.out) >= format.MinLone {
		parity := format.AppendParity(nil, format.AuxLoneParity, z.out)
		z.put(parity)
		z.index.Auxiliary(int64(len(parity)))
	}
}

// putFilters writes the filters of a group that has ended.
func (z *Writer) putFilters() {
	if due := z.filters.due; due != nil {
		z.put(due)
		z.index.Auxiliary(int64(len(due)))
		z.filters.due = nil
	}
}

// putHashes writes the hashes of the frame's lines.
func (z *Writer) putHashes() {
	if record := z.hashes.record(z.index.Total.Records); record != nil {
		z.put(record)
		z.index.Auxiliary(int64(len(record)))
	}
}

// begin writes the header if that has not been done.
func (z *Writer) begin() {
	if !z.begun {
		z.begun, z.decided = true, true
		z.index = format.NewIndex(z.saysWith(z.asks))
		z.put(z.frameHeader())
	}
}

// frameHeader is the header as it is written: with the model if that is asked, and with a primer if
// there is one.
func (z *Writer) frameHeader() []byte { return z.header(z.asks) }

func (z *Writer) header(named bool) []byte { return format.AppendHeader(nil, z.saysWith(named)) }

func (z *Writer) saysWith(named bool) *Header {
	h := *z.says
	if named {
		h.Model, h.Lone = z.id, false
	}
	if h.Primer == format.PrimerFirstChunk && !z.primes {
		h.Primer = format.PrimerNone
	}
	return &h
}

// named is the model that the header names, once that is decided.
func (z *Writer) named() *engine.Model {
	if z.asks {
		return z.model
	}
	return nil
}

func (z *Writer) put(p []byte) {
	if z.err != nil {
		return
	}
	n, err := z.w.Write(p)
	_, z.err = wrote(len(p), n, err)
}

// Flush ends the current chunk and writes all that has been added, so that a reader can decode it.
// Chunks that are short compress less.
func (z *Writer) Flush() error { return z.flush(true) }

func (z *Writer) flush(more bool) error {
	z.check()
	for z.err == nil && len(z.buf) > z.most() {
		z.submitChunk()
	}
	if len(z.buf) > 0 && z.err == nil {
		z.submit(len(z.buf), more)
	}
	if more && z.chunks == 0 { // the header is written before it is known
		z.primes = z.primer > 0
	}
	z.emit(0)
	z.begin()
	return z.err
}

// Close flushes, writes the index, and stops all goroutines. It does not close the underlying
// writer. After an error it only stops the goroutines, and returns that error.
func (z *Writer) Close() error {
	if z.closed {
		if z.err == ErrClosed {
			return nil
		}
		return z.err
	}
	if z.chunks == 0 && len(z.buf) == 0 && !z.begun && z.opts.method == codec.Mix {
		z.asks = false
	}
	if z.w != nil || z.err != nil {
		z.flush(false)
		z.protectLone()
		z.filters.finish(z.index.Total.Chunks)
		z.putFilters()
		z.putHashes()
		z.put(format.AppendIndex(z.out[:0], &z.index, int64(len(z.frameHeader()))))
	}
	z.stop()
	z.closed = true
	if z.err != nil {
		return z.err
	}
	z.err = ErrClosed
	return nil
}

func (z *Writer) stop() {
	if z.pool != nil {
		z.pool.Abort(ErrClosed)
		z.pool = nil
	}
	z.verifier.stop()
}
