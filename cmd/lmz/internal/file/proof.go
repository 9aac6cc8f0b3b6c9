package file

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/lmz-go/lmz/stream"
)

// ErrDiffers is returned when an archive does not give back what was compressed.
var ErrDiffers = errors.New("the archive does not give the original back")

// Proof makes sure, before a source is deleted, that its archive gives it back. While the archive
// is written, each of its records is decoded (stream.WithVerify); the proof takes the SHA-256 of
// what that gives and of what is written. At the end the file must hold the bytes that were
// written, as whole frames, and the source the bytes that were decoded. So the decoding is done
// once, of what is in the file, and is compared with the source as it is now.
//
// The methods of a nil Proof prove nothing.
type Proof struct {
	raw     hash.Hash // of what the records decode to
	rawSize int64     // in bytes
	archive hash.Hash // of what was written
	start   int64     // of the archive's frame in its file, in bytes
	size    int64     // of the frame
}

// NewProof makes a proof of a frame that begins at start in its file, and goes to the end of that.
func NewProof(start int64) *Proof {
	return &Proof{raw: sha256.New(), archive: sha256.New(), start: start}
}

// Begin says where the frame lies in its file.
func (p *Proof) Begin(start int64) {
	if p != nil {
		p.start = start
	}
}

// Decoded is what takes the decoded bytes.
func (p *Proof) Decoded() io.Writer {
	if p == nil {
		return nil
	}
	return (*decoded)(p)
}

type decoded Proof

func (d *decoded) Write(b []byte) (int, error) {
	d.rawSize += int64(len(b))
	return d.raw.Write(b)
}

// Written is dst, with the proof taking notes.
func (p *Proof) Written(dst io.Writer) io.Writer {
	if p == nil {
		return dst
	}
	return io.MultiWriter(dst, p)
}

func (p *Proof) Write(b []byte) (int, error) {
	p.size += int64(len(b))
	return p.archive.Write(b)
}

// Check reads the archive and the source.
func (p *Proof) Check(out *Output, src *Source) error {
	if p == nil {
		return nil
	}
	if err := p.checkFile(out); err != nil {
		return err
	}
	// One byte more would show that it goes on; it may go on for ever.
	switch same, err := holds(io.NewSectionReader(src, 0, p.rawSize+1), p.raw); {
	case err != nil:
		return fmt.Errorf("reading the original again: %w", err)
	case !same:
		return fmt.Errorf("%w: was that written to?", ErrDiffers)
	}
	return nil
}

// checkFile reads the archive back, unless it is an object, which is there only later: see
// Output.Prove.
func (p *Proof) checkFile(out *Output) error {
	if out.upload != nil {
		return nil
	}
	if err := out.file.Sync(); err != nil {
		return err
	}
	f, err := os.Open(out.TemporaryName())
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Seek(p.start, io.SeekStart); err != nil {
		return err
	}
	switch same, err := holds(f, p.archive); {
	case err != nil:
		return fmt.Errorf("reading the archive back: %w", err)
	case !same:
		return fmt.Errorf("%w: its file holds other bytes than were written", ErrDiffers)
	}
	if _, err := stream.ReadIndex(io.NewSectionReader(f, p.start, p.size), p.size); err != nil {
		return fmt.Errorf("reading the archive back: %w", err)
	}
	return nil
}

// holds says whether what r gives has the hash that was taken.
func holds(r io.Reader, taken hash.Hash) (bool, error) {
	now := sha256.New()
	_, err := io.Copy(now, r)
	return [sha256.Size]byte(now.Sum(nil)) == [sha256.Size]byte(taken.Sum(nil)), err
}
