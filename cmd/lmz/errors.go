package main

import (
	"errors"
	"fmt"

	"github.com/lmz-go/lmz/internal/finetune"
	"github.com/lmz-go/lmz/internal/train"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/stream"
)

// rewriteHint is for an archive with damage that can be repaired.
const rewriteHint = "its content is good: decompress it and compress it again, since more damage may be too much"

// fallbackHint is for a chunk that did not give its bytes back when it was verified.
const fallbackHint = "the archive is good, but this computer, its libllama or lmz computes wrong: test the memory, and report it"

// hintFor is what a user can do about an error, or nothing.
func hintFor(err error) string {
	var hinted interface{ Hint() string }
	var mismatch *stream.ModelMismatchError
	var lost *stream.LostError
	switch {
	case errors.As(err, &hinted):
		return hinted.Hint()
	case errors.As(err, &mismatch):
		return "this machine or its libllama computes other bits than the one that wrote the archive: see docs/DETERMINISM.md"
	case errors.Is(err, llama.ErrNotBuilt):
		return "use an lmz that was built with libllama (make), on a machine that has the class; to compress, --no-model does without"
	case errors.Is(err, train.ErrNotBuilt):
		return "this lmz was built without cgo: build it with make"
	case errors.Is(err, train.ErrModel):
		return "small plain models of arch llama can be trained, such as the embedded ones"
	case errors.Is(err, finetune.ErrTooLittle):
		return "give more logs of the kind that is to be compressed; about 100 KiB is the least"
	case errors.Is(err, finetune.ErrNoBetter):
		return "nothing was written: give more logs, or more --minutes"
	case errors.Is(err, stream.ErrNoDictionary):
		return "give the file that has this SHA-256 with --dict: it was made with lmz dict, or given to compress"
	case errors.Is(err, stream.ErrNotArchive):
		return "was it compressed with lmz?"
	case errors.Is(err, stream.ErrUnfinished):
		return "all that was written is good; if nothing writes it any more, its end is lost"
	case errors.Is(err, stream.ErrTruncated):
		return "the file is incomplete: was its transfer interrupted?"
	case errors.Is(err, stream.ErrUnsupportedVersion):
		return "a newer lmz wrote it: update lmz"
	case errors.Is(err, stream.ErrTooLarge):
		return "raise --memlimit if the archive is to be trusted"
	case errors.As(err, &lost):
		end := lost.Offset + lost.Size
		if lost.Offset == 0 {
			return fmt.Sprintf("the first %d bytes of the content are lost: lmz cat --bytes %d: gives the others", end, end)
		}
		return fmt.Sprintf("bytes %d:%d of the content are lost: lmz cat --bytes :%d and --bytes %d: give the others", lost.Offset, end, lost.Offset, end)
	}
	return ""
}
