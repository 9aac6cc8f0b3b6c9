package salvage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/stream"
)

// decode decodes the recovered archive, whose chunks these are, writes its content to Options.Text,
// and finds out what else is wrong: what does not decode is dropped, and what disagrees with the
// content is mended, so that assembling it again gives an archive of which all is right.
func (v *recoverer) decode(list []placed) error {
	if len(list) == 0 {
		return nil
	}
	c := &checker{v: v}
	err := v.walk(&v.image, list, 0, c)
	c.endFrame()
	v.place()
	return err
}

// walk decodes an archive, whose chunks these are, from chunk i of the list on and gives what it
// holds to a checker.
func (v *recoverer) walk(archive *image, list []placed, i int, c *checker) error {
	z, err := stream.Open(archive, archive.size, v.opts.Models, v.readerOptions()...)
	if err != nil {
		return v.undecoded(err, c)
	}
	defer z.Close()
	for i < len(list) {
		at := list[i].raw - list[0].raw
		c.begin(list[i:])
		n, err := z.WriteRange(c, at, z.Size()-at)
		i += sort.Search(len(list)-i, func(j int) bool { return list[i+j].raw-list[0].raw >= at+n })
		if c.failed != nil {
			return c.failed
		}
		if err == nil || i == len(list) {
			return err
		}
		if i, err = v.pass(archive, list, i, err, c); err != nil {
			return err
		}
	}
	return nil
}

// pass deals with chunk i of a list, which does not decode, and says with which one to go on.
func (v *recoverer) pass(archive *image, list []placed, i int, wrong error, c *checker) (next int, err error) {
	p := list[i]
	var at *stream.ChunkError
	if !errors.Is(wrong, stream.ErrCorrupt) || !errors.As(wrong, &at) {
		// Nothing is known about the frame.
		return i + rest(list[i:]), v.undecoded(wrong, c)
	}
	if err := v.failure(c); err != nil {
		return 0, err
	}
	var lines *format.LineCountError
	if errors.As(at.Err, &lines) {
		return v.recount(archive, list, i, lines, c)
	}
	if !p.frame.orphan(p.entry) {
		v.drop(p, at.Err)
		i++
	}
	for ; i < len(list) && list[i].frame == p.frame && p.frame.orphan(list[i].entry); i++ {
		v.drop(list[i], errOrphan)
	}
	return i, nil
}

// rest is how many chunks in front of a list are of one frame.
func rest(list []placed) int {
	n := slices.IndexFunc(list, func(p placed) bool { return p.frame != list[0].frame })
	if n < 0 {
		return len(list)
	}
	return n
}

// recount gives a record the count of lines that it should have. Its content is good.
func (v *recoverer) recount(archive *image, list []placed, i int, lines *format.LineCountError, c *checker) (next int, err error) {
	p := list[i]
	record := *p.entry.chunk
	if record.Payload, err = v.payload(p.entry); err != nil {
		return 0, err
	}
	record.Lines = lines.Is
	_, raw, err := v.try(p.frame, p.entry.number, []*format.Record{&record})
	if err != nil {
		return 0, err
	}
	if raw == nil {
		v.drop(p, lines)
		return i + 1, nil
	}
	p.entry.chunk.Lines, p.entry.recounted, v.changed = lines.Is, true, true
	v.notice(p.entry.number, p.entry.offset, lines)
	c.begin(list[i:])
	if _, err := c.Write(raw); err != nil {
		return 0, err
	}
	n := rest(list[i:])
	if p.number > 0 || p.frame.h.Primer != format.PrimerFirstChunk || n == 1 {
		return i + 1, nil
	}
	// The others start from this one, as it should be.
	var alone image
	alone.r = archive.r
	others, err := v.write(&alone, p.frame, nil)
	if err != nil {
		return 0, err
	}
	for j := range others {
		others[j].raw, others[j].line = list[i+j].raw, list[i+j].line
	}
	return i + n, v.walk(&alone, others, 1, c)
}

// drop leaves a chunk out.
func (v *recoverer) drop(p placed, why error) {
	e := p.entry
	e.dropped, v.changed = true, true
	if why == errOrphan {
		v.lost = append(v.lost, lost{p, why})
		return
	}
	why = fmt.Errorf("%w, though the check of its record is right", why)
	if p.frame.h.Model != nil {
		why = fmt.Errorf("%w: keep the archive, the arithmetic of the model that it names may be another one here", why)
	}
	v.lost = append(v.lost, lost{p, why})
}

// lost is a chunk that was dropped.
type lost struct {
	placed
	why error
}

// place adds what was dropped to the losses. Where that was in the content, the losses that were
// known before it tell.
func (v *recoverer) place() {
	before := slices.Clone(v.Losses)
	for _, l := range v.lost {
		raw, lines := l.raw, l.line
		for _, b := range before {
			if b.RawOffset < 0 || b.RawSize < 0 {
				raw, lines = -1, -1
				break
			}
			if b.RawOffset > raw {
				break
			}
			raw, lines = raw+b.RawSize, lines+b.Lines
		}
		e := l.entry
		if l.why == errOrphan {
			v.addOrphan(e, raw, lines)
			continue
		}
		v.Losses = append(v.Losses, Loss{
			Offset: e.offset, Size: e.size, Chunk: e.number, Chunks: 1, RawOffset: raw, RawSize: int64(e.chunk.Raw), Line: lines,
			Lines: int64(e.chunk.Lines), Err: l.why,
		})
	}
}

// undecoded notes why something could not be decoded, unless that means that all is over.
func (v *recoverer) undecoded(err error, c *checker) error {
	if failed := v.failure(c); failed != nil {
		return failed
	}
	if v.Undecoded == nil {
		v.Undecoded = err
	}
	return nil
}

// failure is an error that is not about what the archive holds.
func (v *recoverer) failure(c *checker) error {
	if err := context.Cause(v.ctx); err != nil {
		return err
	}
	if err := v.r.failed.Load(); err != nil {
		return *err
	}
	if c != nil {
		return c.failed
	}
	return nil
}

func (v *recoverer) readerOptions() []stream.ReaderOption {
	return append(slices.Clone(v.opts.Reader), stream.WithContext(v.ctx), stream.WithDictionaries(v.opts.Dictionaries))
}

// tried is how many records are decoded with one primer at a time.
const tried = 8

// try decodes records that may be chunk number n of a frame, and gives the first one that does, and
// its content; nil if none does.
func (v *recoverer) try(f *foundFrame, n int64, records []*format.Record) (good *format.Record, raw []byte, err error) {
	most := tried
	if n == 0 { // each is to be the first of a frame, since others may start from it
		most = 1
	}
	for list := range slices.Chunk(records, most) {
		if good, raw, err = v.tryFew(f, n, list); good != nil || err != nil {
			return good, raw, err
		}
	}
	return nil, nil, nil
}

func (v *recoverer) tryFew(f *foundFrame, n int64, records []*format.Record) (*format.Record, []byte, error) {
	h := *f.h
	archive := image{r: v.r}
	var all []*format.Record
	if records[0].Primed && h.Primer == format.PrimerFirstChunk {
		i := slices.IndexFunc(f.entries, func(e *entry) bool { return e.number > 0 || e.chunk != nil })
		if n == 0 || i < 0 || f.entries[i].number != 0 || f.entries[i].dropped {
			return nil, nil, nil
		}
		primer := *f.entries[i].chunk
		var err error
		if primer.Payload, err = v.payload(f.entries[i]); err != nil {
			return nil, nil, err
		}
		all = append(all, &primer)
	}
	primers := len(all)
	all = append(all, records...)
	h.Lone = h.Lone && len(all) == 1
	archive.put(format.AppendHeader(nil, &h))
	headerSize := archive.size
	index := format.NewIndex(&h)
	for i, c := range all {
		record := format.AppendChunk(nil, &c.RecordHeader, h.ChunkSize, int64(i), c.Payload)
		archive.put(record)
		index.Chunk(int64(len(record)), c.Raw, c.Lines)
	}
	archive.put(format.AppendIndex(nil, &index, headerSize))
	z, err := stream.Open(&archive, archive.size, v.opts.Models, v.readerOptions()...)
	if err != nil {
		return nil, nil, v.failure(nil)
	}
	defer z.Close()
	at := int64(0)
	for i, c := range all {
		if i >= primers {
			raw := make([]byte, c.Raw)
			if _, err := z.ReadAt(raw, at); err == nil {
				return c, raw, nil
			}
			if err := v.failure(nil); err != nil {
				return nil, nil, err
			}
		}
		at += int64(c.Raw)
	}
	return nil, nil, nil
}
