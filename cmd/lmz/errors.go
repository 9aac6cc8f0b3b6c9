package main

import (
	"errors"
	"fmt"

	"github.com/lmz-go/lmz/internal/finetune"
	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/train"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/stream"
)

// mendedHint is for an archive with damage that costs nothing yet.
const mendedHint = "its content is good: lmz repair writes an archive without the damage, of which more may be too much"

// damageHint is for damage that was met while reading. Whether a chunk of which one byte is wrong
// can be restored takes long to find out, and memory beyond a reader's.
const damageHint = "lmz -t of the file says whether lmz repair can restore it"

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
	case errors.Is(err, gguf.ErrNotGGUF):
		return "a model is a GGUF file, or what lmz model list names; files to compress are given without -m"
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
		return fmt.Sprintf("bytes %d:%d of the content cannot be read: lmz cat --keep-going gives what can; %s", lost.Offset, lost.Offset+lost.Size, damageHint)
	case errors.Is(err, stream.ErrCorrupt):
		return damageHint
	}
	return ""
}
