package salvage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/damagetest"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/stream"
)

// pieces are the chunks of an archive: numbers among all, and content.
func (s subject) pieces() (list [][]byte) {
	for _, c := range s.Records() {
		list = append(list, s.Content[c.RawOffset:c.RawOffset+c.RawSize])
	}
	return list
}

// recovered makes sure that what Recover makes of a damaged archive can be read, and holds chunks
// of the original one in their order and nothing else; it gives the numbers of those that are
// missing.
func (s subject) recovered(damaged []byte) (x *Recovery, missing []int, err error) {
	x, err = recoverAll(damaged)
	if err != nil {
		return nil, nil, err
	}
	var archive bytes.Buffer
	if n, err := x.WriteTo(&archive); err != nil || n != x.Size() {
		return x, nil, fmt.Errorf("WriteTo: %d bytes of %d: %w", n, x.Size(), err)
	}
	var got []byte
	if archive.Len() > 0 {
		if got, err = decompress(archive.Bytes(), stream.WithWorkers(1), stream.WithLanes(1)); err != nil {
			return x, nil, fmt.Errorf("the recovered archive gives %w", err)
		}
		if _, err := format.ReadIndex(bytes.NewReader(archive.Bytes()), x.Size()); err != nil {
			return x, nil, fmt.Errorf("the recovered archive is listed with %w", err)
		}
		if again, err := recoverAll(archive.Bytes()); err != nil || !again.Intact() {
			return x, nil, fmt.Errorf("there is something to recover from the recovered archive: %w", err)
		}
	}
	if crc32.ChecksumIEEE(damaged)%8 == 0 {
		if err := s.scanned(damaged, x, got); err != nil {
			return x, nil, err
		}
	}
	for i, p := range s.pieces() {
		if rest, ok := bytes.CutPrefix(got, p); ok {
			got = rest
		} else {
			missing = append(missing, i)
		}
	}
	if len(got) > 0 {
		return x, missing, fmt.Errorf("%d bytes that are not of the original", len(got))
	}
	return x, missing, nil
}

// scanned checks that without decoding the same is found as by Recover: here, what checks does
// decode.
func (s subject) scanned(damaged []byte, want *Recovery, content []byte) error {
	v, _, err := scan(context.Background(), bytes.NewReader(damaged), int64(len(damaged)), Options{Models: models, Reader: one})
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	x := v.Recovery
	var archive bytes.Buffer
	if _, err := x.WriteTo(&archive); err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	var got []byte
	if archive.Len() > 0 {
		got, err = decompress(archive.Bytes(), stream.WithWorkers(1), stream.WithLanes(1))
	}
	if err != nil || !bytes.Equal(got, content) || len(x.Losses) != len(want.Losses) || x.Chunks != want.Chunks {
		return fmt.Errorf("scan finds %d bytes in %d chunks and %d losses, want %d, %d and %d: %w",
			len(got), x.Chunks, len(x.Losses), len(content), want.Chunks, len(want.Losses), err)
	}
	return nil
}

// hurt are the numbers of the chunks whose bytes are not all where they were.
func (s subject) hurt(damaged []byte) (list []int) {
	for i, c := range s.Records() {
		if c.Offset+c.Size > int64(len(damaged)) || !bytes.Equal(damaged[c.Offset:c.Offset+c.Size], s.Archive[c.Offset:c.Offset+c.Size]) {
			list = append(list, i)
		}
	}
	return list
}

// lost compares what the losses say with the chunks that are missing.
func (s subject) lost(x *Recovery, missing []int) error {
	list := s.Records()
	var want, got int64
	for _, i := range missing {
		want += list[i].RawSize
	}
	known := true
	for _, l := range x.Losses {
		if l.Err == nil || l.Offset < 0 || l.Size < 0 {
			return fmt.Errorf("loss %+v", l)
		}
		if known = known && l.RawSize >= 0; l.RawSize >= 0 {
			got += l.RawSize
		}
		if l.RawOffset < 0 || l.RawSize < 0 {
			continue
		}
		for _, i := range missing {
			if c := list[i]; c.RawOffset >= l.RawOffset && c.RawOffset+c.RawSize <= l.RawOffset+l.RawSize {
				if before := int64(bytes.Count(s.Content[:l.RawOffset], []byte{'\n'})); l.Line >= 0 && l.Line != before {
					return fmt.Errorf("a loss at byte %d is said to be at line %d, not %d", l.RawOffset, l.Line, before)
				}
			}
		}
	}
	if known && got != want {
		return fmt.Errorf("%d bytes are said to be lost, %d are", got, want)
	}
	return nil
}

// A wrong bit costs nothing, unless it makes a record look like another one. Two cost at most the
// chunk that they hit, whose place and size are named right.
func TestRecoverFromFlips(t *testing.T) {
	var cases atomic.Int64
	for _, s := range subjects(t)[:6] {
		t.Run(s.Name, func(t *testing.T) {
			step := 64 * s.Slow * thin
			if torture {
				step = s.Slow
			}
			lost, exact := 0, 0
			for i := 0; i < 8*len(s.Archive); i += step {
				at := min(8*len(s.Archive)-1, i+int(uint32(i)*2654435761>>16)%step)
				damaged := bytes.Clone(s.Archive)
				damaged[at/8] ^= 1 << (at % 8)
				two := i/step%2 == 1 && s.inOne(at/8, at/8+9)
				if two {
					damaged[at/8+9] ^= 0x18
				}
				x, missing, err := s.recovered(damaged)
				if err != nil {
					t.Fatalf("bit %d: %v", at, err)
				}
				if x.Intact() || len(missing) > len(s.hurt(damaged)) {
					t.Fatalf("bit %d: intact %v, chunks %v are missing, %v were hurt; %+v", at, x.Intact(), missing, s.hurt(damaged), x)
				}
				if err := s.lost(x, missing); err != nil {
					t.Fatalf("bit %d: %v", at, err)
				}
				if !two && len(missing) > 0 && !s.checkHit(at/8) {
					t.Fatalf("bit %d alone: chunks %v are missing; %+v", at, missing, x)
				}
				if !two && len(missing) > 0 {
					lost++
				}
				if len(missing) == 1 && len(x.Losses) == 1 {
					c, l := s.Records()[missing[0]], x.Losses[0]
					if l.RawOffset != c.RawOffset || l.RawSize != c.RawSize || l.Lines != c.Lines {
						t.Fatalf("bit %d: lost %+v, said to be %+v", at, c, l)
					}
					exact++
				}
				cases.Add(1)
			}
			t.Logf("%d chunks lost by one bit; %d losses of one chunk, all of known place and size", lost, exact)
		})
	}
	t.Logf("%d cases", cases.Load())
}

// inOne says whether two bytes are of one chunk record.
func (s subject) inOne(a, b int) bool {
	return slices.ContainsFunc(s.Records(), func(c format.Chunk) bool {
		return int64(a) >= c.Offset && int64(b) < c.Offset+c.Size
	})
}

// checkHit says whether a byte is the lowest of a record's check, to which the record's number is
// added.
func (s subject) checkHit(at int) bool {
	for _, f := range s.Frames {
		for _, c := range f.Chunks {
			if int64(at) >= c.Offset && int64(at) < c.Offset+c.Size {
				in := bytes.NewReader(s.Archive[c.Offset+1:])
				if _, err := format.ReadChunkHeader(in, s.Archive[c.Offset], f.Header.ChunkSize); err != nil {
					panic(err)
				}
				return at == len(s.Archive)-in.Len()-format.CheckSize
			}
		}
	}
	return false
}

// Whatever the damage, what is recovered can be read, and is of the original.
func TestRecoverFromAnything(t *testing.T) {
	var cases atomic.Int64
	for _, s := range subjects(t)[:6] {
		t.Run(s.Name, func(t *testing.T) {
			foreign := 0
			for _, kind := range damagetest.Damages[1:] {
				n, step := kind.Count(s.Subject), 60*s.Slow*thin
				if torture {
					step = s.Slow
				}
				step = max(1, min(step, n/3))
				for i := 0; i < n; i += step {
					damaged := kind.Make(s.Subject, i)
					x, missing, err := s.recovered(damaged)
					if x == nil && (errors.Is(err, stream.ErrNotArchive) || errors.Is(err, stream.ErrTruncated)) {
						continue
					}
					moved := false // to another frame
					switch kind.Name {
					case "chunks doubled", "chunks swapped", "chunks replaced":
						all := len(s.Records())
						moved = s.frame(i/all) != s.frame(i%all)
					}
					if err != nil && moved && strings.Contains(err.Error(), "not of the original") {
						foreign++ // its content, at the place of another chunk
						continue
					}
					if err != nil {
						t.Fatalf("%s, case %d: %v", kind.Name, i, err)
					}
					if kind.Name == "chunks dropped" && len(missing) > 1 && s.Records()[missing[0]].RawOffset > 0 {
						t.Errorf("%s, case %d: %v are missing", kind.Name, i, missing)
					}
					// A primer in front of which one of another frame lies is taken for its double.
					if kind.Name == "chunks doubled" && len(missing) > 1 && !moved {
						t.Errorf("%s, case %d: %v are missing", kind.Name, i, missing)
					}
					if kind.Name == "bytes left out" || kind.Name == "bytes put in" {
						if len(missing) > 1 && !s.opens(missing[0]) { // a frame whose header is hit is lost
							t.Errorf("%s, case %d: %v are missing", kind.Name, i, missing)
						}
					}
					cases.Add(1)
				}
			}
			t.Logf("%d times a chunk of one frame was taken for another frame's", foreign)
		})
	}
	t.Logf("%d cases", cases.Load())
}

// frame is the number of the frame that a record is in.
func (s subject) frame(record int) int {
	for i, f := range s.Frames {
		if record < len(f.Chunks) {
			return i
		}
		record -= len(f.Chunks)
	}
	return len(s.Frames)
}

// opens says whether the record is the first of its frame.
func (s subject) opens(record int) bool { return record == 0 || s.frame(record) != s.frame(record-1) }

// What does not belong in front of the first chunk does not make that one useless to those that
// start from it.
func TestRecoverFromJunkBeforePrimer(t *testing.T) {
	log := logExcerpt(t, 3000)
	archive := compress(t, nil, log, primed()...)
	frames := framesOf(t, archive)
	at := frames[0].Chunks[0].Offset
	damaged := slices.Concat(archive[:at], []byte("junk"), archive[at:])
	x, err := recoverAll(damaged)
	if err != nil || len(x.Losses) > 0 || x.Intact() {
		t.Fatalf("%v, %+v", err, x)
	}
	var whole bytes.Buffer
	if _, err := x.WriteTo(&whole); err != nil {
		t.Fatal(err)
	}
	if got, err := decompress(whole.Bytes()); err != nil || !bytes.Equal(got, log) {
		t.Errorf("%d bytes of %d: %v", len(got), len(log), err)
	}
}

func TestRecoverIntact(t *testing.T) {
	for _, s := range subjects(t) {
		x, missing, err := s.recovered(s.Archive)
		if err != nil || !x.Intact() || len(missing) > 0 || x.Chunks != int64(len(s.Records())) {
			t.Errorf("%s: %v, %v are missing, %+v", s.Name, err, missing, x)
		}
		var out bytes.Buffer
		x.WriteTo(&out)
		if !bytes.Equal(out.Bytes(), s.Archive) {
			t.Errorf("%s: another archive, differs at %d", s.Name, differsAt(out.Bytes(), s.Archive))
		}
		if err := iotest.TestReader(io.NewSectionReader(x, 0, x.Size()), s.Archive); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

// An archive that was not finished gets its end; a primer comes from its parity, and keeps some;
// one beyond that takes with it the chunks that start from it.
func TestRecoverKinds(t *testing.T) {
	log := logExcerpt(t, 9000)
	archive := compress(t, nil, log, primed()...)
	frames := framesOf(t, archive)
	c := frames[0].Chunks
	read := func(damaged []byte) (*Recovery, []byte) {
		t.Helper()
		x, err := recoverAll(damaged)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		x.WriteTo(&out)
		if out.Len() == 0 {
			return x, nil
		}
		got, err := decompress(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return x, got
	}
	last := c[len(c)-1]
	if x, got := read(archive[:last.Offset+last.Size]); len(x.Losses) > 0 || x.Intact() || !bytes.Equal(got, log) {
		t.Errorf("without an index: %+v", x)
	}
	if x, got := read(archive[:last.Offset+5]); len(x.Losses) != 1 || x.Losses[0].RawOffset != last.RawOffset || !bytes.Equal(got, log[:last.RawOffset]) {
		t.Errorf("cut off in the last chunk: %+v", x)
	}
	hurt := bytes.Clone(archive)
	hurt[c[0].Offset+40] ^= 9
	if x, got := read(hurt); len(x.Losses) > 0 || len(x.Repaired) != 1 || !bytes.Equal(got, log) {
		t.Errorf("primer: %+v", x)
	}
	clear(hurt[c[0].Offset : c[0].Offset+c[0].Size])
	if x, got := read(hurt); len(x.Losses) != 2 || x.Losses[0].RawOffset != 0 || x.Losses[0].RawSize != c[0].RawSize ||
		x.Losses[1].RawOffset != c[0].RawSize || x.Losses[1].Chunks != int64(len(c)-1) || len(got) > 0 {
		t.Errorf("no primer: %+v", x)
	}
	// Two frames: the first one's header is gone, its index tells what it held.
	two := slices.Concat(archive, compress(t, nil, log[:500], stream.WithMethod(codec.Raw)))
	clear(two[:10])
	if x, got := read(two); len(x.Losses) != 1 || x.Losses[0].RawSize != int64(len(log)) || !bytes.Equal(got, log[:500]) {
		t.Errorf("no header: %+v", x)
	}
	for name, b := range map[string][]byte{"empty": nil, "text": log, "half a header": archive[:3]} {
		if _, err := recoverAll(b); !errors.Is(err, stream.ErrNotArchive) && !errors.Is(err, stream.ErrTruncated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	failing := iotest.ErrReader(errDisk)
	if _, err := Recover(t.Context(), readerAt{failing}, 100, Options{}); !errors.Is(err, errDisk) {
		t.Errorf("a disk that fails: %v", err)
	}
}

// readerAt reads a stream whatever the offset.
type readerAt struct{ io.Reader }

func (r readerAt) ReadAt(p []byte, _ int64) (int, error) { return r.Read(p) }

// Records of one frame that have changed places are not made to look right where they lie, the last
// one of the frame neither.
func TestSwappedRecordsAreNotRestored(t *testing.T) {
	log := logExcerpt(t, 3000)
	for name, archive := range map[string][]byte{
		"mix":  compress(t, nil, log, mix(800, 400)...),
		"zstd": compress(t, nil, log, stream.WithChunkSize(400)),
	} {
		s, err := damagetest.New(name, archive, log, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		n := len(s.Records())
		for i := range n * n {
			for _, kind := range damagetest.Damages {
				if kind.Name != "chunks swapped" {
					continue
				}
				if _, _, err := (subject{s}).recovered(kind.Make(s, i)); err != nil {
					t.Errorf("%s: chunks %d and %d swapped: %v", name, i/n, i%n, err)
				}
			}
		}
	}
}
