// Package evidence proves to whoever knows the root hash of an archive, 32 bytes, that a line is in
// it, at its place, and that an archive is an earlier one to which something was appended.
//
// The root commits to the content, its order and the numbers of its lines, and to how the content
// is divided into frames; methods, levels, models and chunk sizes have no part in it. It is a hash
// tree of RFC 6962 (SHA-256) over the frames, whose leaves name the trees over their lines
// (docs/EVIDENCE.md). Proofs are JSON of 2 KB or less for lines of usual lengths, and can be
// verified without lmz: examples has verifiers in Go and in Python that need no library.
//
// A root is worth as much as what tells that it is the one: a signature, a time stamp, or a place
// where it was published. None of these is made here.
package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lmz-go/lmz/internal/merkle"
)

var (
	// ErrNotProven says that a proof does not show what it should.
	ErrNotProven = errors.New("evidence: not proven")
	// ErrNotExtended says that an archive does not begin with the frames of an earlier one.
	ErrNotExtended = errors.New("evidence: the archive does not begin with that of the earlier root")
	// ErrLine says that there is no proof of a line.
	ErrLine = errors.New("evidence: no proof of such a line")
)

// Root is the root hash of an archive. As text it is 64 hexadecimal digits.
type Root merkle.Hash

var (
	_ encoding.TextMarshaler   = Root{}
	_ encoding.TextUnmarshaler = (*Root)(nil)
)

func (r Root) String() string { return hex.EncodeToString(r[:]) }

// MarshalText gives the digits.
func (r Root) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText takes the digits.
func (r *Root) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(r) {
		return fmt.Errorf("evidence: root %.80q, want %d hexadecimal digits", text, 2*len(r))
	}
	copy(r[:], b)
	return nil
}

// Head is what is to be signed, or published, of an archive. The root alone would do; the rest is
// for those who read it.
type Head struct {
	Type   string `json:"type"` // HeadType
	Root   Root   `json:"root"`
	Frames int64  `json:"frames"` // that hold something
	Lines  int64  `json:"lines"`  // line ends
	Bytes  int64  `json:"bytes"`  // of the content
}

// Types of documents.
const (
	HeadType      = "lmz head 1"
	LineType      = "lmz line proof 1"
	ExtensionType = "lmz extension proof 1"
)

// frameLeaf is the leaf of a frame in the tree over the frames.
func frameLeaf(before int64, open bool, leaves int64, root merkle.Hash) merkle.Hash {
	data := binary.BigEndian.AppendUint64(nil, uint64(before))
	if open {
		data = append(data, 1)
	} else {
		data = append(data, 0)
	}
	data = binary.BigEndian.AppendUint64(data, uint64(leaves))
	return merkle.Leaf(append(data, root[:]...))
}

// Parse reads a document: a *Head, a *LineProof or an *ExtensionProof. What is not known in it is
// an error.
func Parse(text []byte) (any, error) {
	var is struct{ Type string }
	if err := json.Unmarshal(text, &is); err != nil {
		return nil, fmt.Errorf("evidence: neither a head nor a proof: %w", err)
	}
	var doc any
	switch is.Type {
	case HeadType:
		doc = new(Head)
	case LineType:
		doc = new(LineProof)
	case ExtensionType:
		doc = new(ExtensionProof)
	default:
		return nil, fmt.Errorf("evidence: a document of type %.40q, want %q, %q or %q", is.Type, HeadType, LineType, ExtensionType)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(doc); err != nil {
		return nil, fmt.Errorf("evidence: %s: %w", is.Type, err)
	}
	return doc, nil
}

// Text is a document as it is to be stored.
func Text(doc any) []byte {
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		panic(err) // of types only, which are right
	}
	return append(text, '\n')
}

// hashes takes a path apart, and joined puts it together.
func hashes(path []byte) ([][]byte, error) {
	if len(path)%sha256.Size != 0 {
		return nil, fmt.Errorf("%w: a path of %d bytes, want hashes of %d", ErrNotProven, len(path), sha256.Size)
	}
	return slices.Collect(slices.Chunk(path, sha256.Size)), nil
}

func joined(path []merkle.Hash) (b []byte) {
	for _, h := range path {
		b = append(b, h[:]...)
	}
	return b
}
