// Package damagetest damages archives in every way, for tests.
package damagetest

import (
	"bytes"
	"math/rand/v2"
	"slices"

	"github.com/lmz-go/lmz/internal/format"
)

// Subject is an archive that is damaged.
type Subject struct {
	Name             string
	Archive, Content []byte
	Frames           []format.Frame
	Page             int // bytes that are lost together
	Slow             int // how many times fewer cases are tried
}

// New lists the archive. page is 64 if it is 0.
func New(name string, archive, content []byte, page, slow int) (*Subject, error) {
	frames, err := format.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
	if page == 0 {
		page = 64
	}
	return &Subject{name, archive, content, frames, page, slow}, err
}

// Records are all chunk records.
func (s *Subject) Records() (list []format.Chunk) {
	for _, f := range s.Frames {
		list = append(list, f.Chunks...)
	}
	return list
}

// Damage is a kind of damage.
type Damage struct {
	Name  string
	Count func(s *Subject) int           // of cases
	Make  func(s *Subject, i int) []byte // a damaged archive
}

// Damages are all kinds.
var Damages = []Damage{
	{"flipped bits", func(s *Subject) int { return 8 * len(s.Archive) }, func(s *Subject, i int) []byte {
		d := bytes.Clone(s.Archive)
		d[i/8] ^= 1 << (i % 8)
		return d
	}},
	{"truncations", func(s *Subject) int { return len(s.Archive) }, func(s *Subject, i int) []byte { return s.Archive[:i] }},
	{"bytes left out", func(s *Subject) int { return len(s.Archive) }, func(s *Subject, i int) []byte {
		return slices.Concat(s.Archive[:i], s.Archive[i+1:])
	}},
	{"bytes put in", func(s *Subject) int { return len(s.Archive) + 1 }, func(s *Subject, i int) []byte {
		return slices.Concat(s.Archive[:i], []byte{byte(37 * i)}, s.Archive[i:])
	}},
	{"pages of zeros", func(s *Subject) int { return (len(s.Archive) + s.Page - 1) / s.Page }, func(s *Subject, i int) []byte {
		d := bytes.Clone(s.Archive)
		clear(d[i*s.Page : min(len(d), (i+1)*s.Page)])
		return d
	}},
	{"pages of noise", func(s *Subject) int { return (len(s.Archive) + s.Page - 1) / s.Page }, func(s *Subject, i int) []byte {
		d := bytes.Clone(s.Archive)
		copy(d[i*s.Page:min(len(d), (i+1)*s.Page)], noise(s.Page))
		return d
	}},
	{"chunks dropped", func(s *Subject) int { return len(s.Records()) }, func(s *Subject, i int) []byte {
		c := s.Records()[i]
		return slices.Concat(s.Archive[:c.Offset], s.Archive[c.Offset+c.Size:])
	}},
	{"chunks doubled", func(s *Subject) int { return len(s.Records()) * len(s.Records()) }, func(s *Subject, i int) []byte {
		list := s.Records()
		c, at := list[i/len(list)], list[i%len(list)].Offset
		return slices.Concat(s.Archive[:at], s.Archive[c.Offset:c.Offset+c.Size], s.Archive[at:])
	}},
	{"chunks swapped", func(s *Subject) int { return len(s.Records()) * len(s.Records()) }, func(s *Subject, i int) []byte {
		list := s.Records()
		a, b := list[i/len(list)], list[i%len(list)]
		if a.Offset >= b.Offset {
			return s.Archive
		}
		d := s.Archive
		return slices.Concat(d[:a.Offset], d[b.Offset:b.Offset+b.Size], d[a.Offset+a.Size:b.Offset], d[a.Offset:a.Offset+a.Size], d[b.Offset+b.Size:])
	}},
	{"chunks replaced", func(s *Subject) int { return len(s.Records()) * len(s.Records()) }, func(s *Subject, i int) []byte {
		list := s.Records()
		a, b := list[i/len(list)], list[i%len(list)]
		return slices.Concat(s.Archive[:a.Offset], s.Archive[b.Offset:b.Offset+b.Size], s.Archive[a.Offset+a.Size:])
	}},
	{"bursts", func(s *Subject) int { return 2 * len(s.Archive) }, func(s *Subject, i int) []byte {
		d, r := bytes.Clone(s.Archive), rand.New(rand.NewPCG(uint64(i), 1))
		for range 1 + r.IntN(4) {
			at := r.IntN(len(d))
			for j := range min(len(d)-at, 1+r.IntN(20)) {
				d[at+j] = byte(r.Uint32())
			}
		}
		return d
	}},
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}
