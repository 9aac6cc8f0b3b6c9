package models

import "crypto/sha256"

// Embedded is a model file in memory, as package models/embedded has some.
type Embedded struct {
	Name string // what users call it; the name of a released model is kept for that model
	GGUF []byte // the file: shared, read only
}

// EmbeddedName is the name under which Store.Open finds the first of the embedded models, whichever
// that is; each of them has its own name besides.
const EmbeddedName = "embedded"

// embeddedModel is an embedded model with its hash: that of the released model of this name, which
// is not computed, else that of its bytes.
type embeddedModel struct {
	Embedded
	sha256 [32]byte
}

func newEmbedded(all []Embedded) (models []*embeddedModel) {
	for _, m := range all {
		if r, ok := releasedNamed(m.Name); ok {
			models = append(models, &embeddedModel{m, r.SHA256})
		} else {
			models = append(models, &embeddedModel{m, sha256.Sum256(m.GGUF)})
		}
	}
	return models
}

// embeddedNamed is the embedded model of this name, the first one for EmbeddedName and no name.
func (s *Store) embeddedNamed(name string) (File, bool) {
	for _, m := range s.embedded {
		if name == "" || name == EmbeddedName || name == m.Name {
			return File{embedded: m}, true
		}
	}
	return File{}, false
}

// embeddedWith is the embedded model with this hash.
func (s *Store) embeddedWith(sum [32]byte) (File, bool) {
	for _, m := range s.embedded {
		if m.sha256 == sum {
			return File{embedded: m}, true
		}
	}
	return File{}, false
}
