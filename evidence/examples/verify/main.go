// Verify checks proofs of lmz without lmz: it needs nothing but this file.
//
//	verify PROOF ROOT            a line is in the archive with this root: writes the line
//	verify PROOF ROOT OLDROOT    the archive with this root extends the one with the older root
//
// Roots are 64 hexadecimal digits. The exit code is 0 if the proof holds, or else 1.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"os"
)

// document is a proof of a line or of an extension, as JSON has it; what is base64 there is
// decoded.
type document struct {
	Type                                      string
	Line, Leaf, Leaves, Before, Frame, Frames int64
	Open                                      bool
	Text, Path                                []byte
	FramePath                                 []byte `json:"frame_path"`
	Old, New                                  struct{ Frames int64 }
}

func main() {
	line, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(1)
	}
	os.Stdout.Write(line)
}

func run(args []string) (line []byte, err error) {
	if len(args) < 2 || len(args) > 3 {
		return nil, errors.New("want PROOF ROOT [OLDROOT]")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return nil, err
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, err
	}
	roots := make([][]byte, 0, 2)
	for _, arg := range args[1:] {
		root, err := hex.DecodeString(arg)
		if err != nil || len(root) != sha256.Size {
			return nil, fmt.Errorf("root %q, want 64 hexadecimal digits", arg)
		}
		roots = append(roots, root)
	}
	switch {
	case d.Type == "lmz line proof 1" && len(roots) == 1:
		return d.Text, d.verifyLine(roots[0])
	case d.Type == "lmz extension proof 1" && len(roots) == 2:
		return nil, d.verifyExtension(roots[1], roots[0])
	}
	return nil, fmt.Errorf("a document of type %q with %d roots", d.Type, len(roots))
}

// verifyLine checks that the archive with this root has the line.
func (d *document) verifyLine(root []byte) error {
	if d.Line-1 != d.Before+d.Leaf || d.Before < 0 || d.Open && d.Leaf == 0 {
		return errors.New("the line has another number, or does not begin in its frame")
	}
	end := bytes.IndexByte(d.Text, '\n')
	last := d.Leaf == d.Leaves-1 && d.Frame == d.Frames-1
	if len(d.Text) == 0 || end >= 0 && end != len(d.Text)-1 || end < 0 && !last {
		return errors.New("it is not one line")
	}
	frame, err := climb(leaf(d.Text), d.Leaf, d.Leaves, d.Path)
	if err != nil {
		return err
	}
	data := binary.BigEndian.AppendUint64(nil, uint64(d.Before))
	if d.Open {
		data = append(data, 1)
	} else {
		data = append(data, 0)
	}
	data = binary.BigEndian.AppendUint64(data, uint64(d.Leaves))
	got, err := climb(leaf(append(data, frame...)), d.Frame, d.Frames, d.FramePath)
	if err == nil && !bytes.Equal(got, root) {
		err = fmt.Errorf("the line is of an archive with root %x", got)
	}
	return err
}

// climb gives the root of a tree of n leaves, of which leaf i has this hash and this audit path
// (RFC 9162, 2.1.3.2).
func climb(h []byte, i, n int64, path []byte) ([]byte, error) {
	if i < 0 || i >= n {
		return nil, fmt.Errorf("leaf %d of %d", i, n)
	}
	last := n - 1
	for ; len(path) >= sha256.Size && last > 0; path = path[sha256.Size:] {
		p := path[:sha256.Size]
		if i&1 == 1 || i == last {
			h = node(p, h)
			for i&1 == 0 {
				i, last = i>>1, last>>1
			}
		} else {
			h = node(h, p)
		}
		i, last = i>>1, last>>1
	}
	if len(path) > 0 || last > 0 {
		return nil, errors.New("the path is of a wrong length")
	}
	return h, nil
}

// verifyExtension checks that what has the root now begins with what had the root then (RFC 9162,
// 2.1.4.2).
func (d *document) verifyExtension(then, now []byte) error {
	first, second, path := d.Old.Frames, d.New.Frames, d.Path
	empty := sha256.Sum256(nil)
	switch {
	case first < 0 || second < first || (first == 0) != bytes.Equal(then, empty[:]):
		return fmt.Errorf("%d frames were extended to %d", first, second)
	case first == 0 || first == second:
		if len(path) > 0 || first > 0 && !bytes.Equal(then, now) {
			return errors.New("the roots are of other archives")
		}
		return nil
	}
	if first&(first-1) == 0 {
		path = append(bytes.Clone(then), path...)
	}
	if len(path) < sha256.Size {
		return errors.New("the path is too short")
	}
	i, last := first-1, second-1
	down := bits.TrailingZeros64(^uint64(i))
	i, last = i>>down, last>>down
	older, newer := path[:sha256.Size], path[:sha256.Size]
	for path = path[sha256.Size:]; len(path) >= sha256.Size && last > 0; path = path[sha256.Size:] {
		p := path[:sha256.Size]
		if i&1 == 1 || i == last {
			older, newer = node(p, older), node(p, newer)
			for i&1 == 0 && i > 0 {
				i, last = i>>1, last>>1
			}
		} else {
			newer = node(newer, p)
		}
		i, last = i>>1, last>>1
	}
	if len(path) > 0 || last > 0 || !bytes.Equal(older, then) || !bytes.Equal(newer, now) {
		return errors.New("the roots are of other archives")
	}
	return nil
}

func leaf(data []byte) []byte        { return sum([]byte{0}, data) }
func node(left, right []byte) []byte { return sum([]byte{1}, left, right) }

func sum(parts ...[]byte) []byte {
	h := sha256.Sum256(bytes.Join(parts, nil))
	return h[:]
}
