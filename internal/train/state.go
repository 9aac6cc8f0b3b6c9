package train

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// stateHeader opens a saved state; the parameters and both moments follow as little-endian float32.
type stateHeader struct {
	Format string          `json:"format"`
	Config Config          `json:"config"`
	Steps  int             `json:"steps"`
	Extra  json.RawMessage `json:"extra,omitempty"`
}

const stateFormat = "lmz-train-1"

// SaveState writes all that is needed to go on with the training later, with what the caller adds
// (JSON, or nil).
func (t *Trainer) SaveState(w io.Writer, extra json.RawMessage) error {
	head, err := json.Marshal(stateHeader{stateFormat, t.m.Config, t.steps, extra})
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 1<<20)
	b.Write(append(head, '\n'))
	var word [4]byte
	for _, values := range [][]float32{t.m.params, t.first, t.second} {
		for _, v := range values {
			binary.LittleEndian.PutUint32(word[:], math.Float32bits(v))
			b.Write(word[:])
		}
	}
	return b.Flush()
}

// LoadState goes on from a state that SaveState wrote, of a model of the same shape, and returns
// what its caller added.
func (t *Trainer) LoadState(r io.Reader) (extra json.RawMessage, err error) {
	b := bufio.NewReaderSize(r, 1<<20)
	h, err := readStateHeader(b)
	if err != nil {
		return nil, err
	}
	if h.Config != t.m.Config {
		return nil, fmt.Errorf("the state is of another model: %+v, not %+v", h.Config, t.m.Config)
	}
	for _, values := range [][]float32{t.m.params, t.first, t.second} {
		if err := readFloats(b, values); err != nil {
			return nil, err
		}
	}
	t.steps, t.fresh = h.Steps, false
	return h.Extra, nil
}

// LoadModel reads only the model of a state that SaveState wrote.
func LoadModel(r io.Reader) (*Model, error) {
	b := bufio.NewReaderSize(r, 1<<20)
	h, err := readStateHeader(b)
	if err != nil {
		return nil, err
	}
	c, err := h.Config.defaults()
	if err != nil {
		return nil, err
	}
	_, total := c.tensors()
	m := &Model{Config: c, params: make([]float32, total)}
	return m, readFloats(b, m.params)
}

func readStateHeader(b *bufio.Reader) (h stateHeader, err error) {
	line, err := b.ReadSlice('\n')
	if err != nil {
		return h, fmt.Errorf("not a state of a training run: %w", err)
	}
	if err := json.Unmarshal(line, &h); err != nil || h.Format != stateFormat {
		return h, fmt.Errorf("not a state of a training run (format %q; %q is known)", h.Format, stateFormat)
	}
	return h, nil
}

func readFloats(r io.Reader, values []float32) error {
	var word [4]byte
	for i := range values {
		if _, err := io.ReadFull(r, word[:]); err != nil {
			return fmt.Errorf("the state of the run is truncated: %w", err)
		}
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(word[:]))
	}
	return nil
}
