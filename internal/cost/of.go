package cost

import (
	"bytes"
	"context"
	"fmt"

	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

// Of compresses a text and gives what each of its bytes costs in the archive, and the size of that
// in bytes. m is the model that may be asked; nil: none. opts must not ask for a dictionary.
func Of(ctx context.Context, text []byte, m lm.Model, opts ...stream.WriterOption) (costs []Byte, size int, err error) {
	var archive bytes.Buffer
	z, err := stream.NewWriter(&archive, m, append(opts, stream.WithContext(ctx))...)
	if err != nil {
		return nil, 0, err
	}
	_, err = z.Write(text)
	if closed := z.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, 0, err
	}
	size = archive.Len()
	find := func(_ context.Context, id lm.ModelID) (lm.Model, error) {
		if m == nil {
			return nil, fmt.Errorf("the archive names the model %q, none was given", id.Name)
		}
		return m, nil
	}
	_, err = Walk(ctx, &archive, Options{Models: find}, Visitor{Bytes: func(_ []byte, some []Byte) { costs = append(costs, some...) }})
	return costs, size, err
}
