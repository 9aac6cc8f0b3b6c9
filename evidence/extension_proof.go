package evidence

import (
	"crypto/sha256"
	"fmt"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// ExtensionProof says that an archive begins with the frames of an earlier one, in which nothing
// was changed: a consistency proof of RFC 6962 (2.1.2) over the frames.
type ExtensionProof struct {
	Type string `json:"type"` // ExtensionType
	Old  Head   `json:"old"`
	New  Head   `json:"new"`
	Path []byte `json:"path"`
}

// Verify says whether an archive with the root now extends one with the root then, or else an
// ErrNotProven.
func (p *ExtensionProof) Verify(then, now Root) error {
	if p.Old.Root != then || p.New.Root != now {
		return fmt.Errorf("%w: it is about the roots %v and %v, want %v and %v", ErrNotProven, p.Old.Root, p.New.Root, then, now)
	}
	if p.Old.Frames < 0 || p.New.Frames < p.Old.Frames || (p.Old.Frames == 0) != (then == sha256.Sum256(nil)) {
		return fmt.Errorf("%w: %d frames were extended to %d", ErrNotProven, p.Old.Frames, p.New.Frames)
	}
	list, err := hashes(p.Path)
	if err != nil {
		return err
	}
	if err := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(p.Old.Frames), uint64(p.New.Frames), list, then[:], now[:]); err != nil {
		return fmt.Errorf("%w: %w", ErrNotProven, err)
	}
	return nil
}
