package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// What a header begins with, and its bounds. Magic and version keep their place for ever.
const (
	HeaderMagic = "\xbclmz"
	Version     = 1

	MaxFields    = 1 << 16 // bytes of a list of fields in front of a checksum
	MaxClass     = 64      // bytes of a numeric class
	maxModelName = 255     // bytes

	MaxChunkSize = 1 << 30 // bytes
	MaxLone      = 1 << 16 // bytes of the chunk of a lone frame

	// loneForms is how many lengths of the fields stand for the header of a lone frame instead,
	// which says with it whether it has a level, and which: 0 to 9.
	loneForms = 11
	headerSum = 4 // bytes of a header's checksum
)

// Kinds of header fields.
const (
	FieldChunkSize = 1
	FieldModel     = 3
	fieldModelName = 4
	FieldWindow    = 5
	fieldPrimer    = 7
	fieldMix       = 9
	fieldTimeForm  = 10
)

// Header is what a frame says about all of its chunks.
type Header struct {
	ChunkSize int         // the most raw bytes of a chunk
	Lone      bool        // the frame is one small chunk; it has no model, primer or other fields
	Model     *lm.ModelID // nil when no model is used; the following two belong to it
	Probe     [8]byte     // coder.Probe of the model
	Window    kvcache.Policy
	Mixes     bool     // chunks may take the tables of Mix. The following belong to it
	Level     int      // 0 … 9
	Primer    Primer   // what chunks start from
	Dict      [32]byte // SHA-256 of the dictionary, with PrimerDictionary

	TimeFormat string // of strftime, of the times that chunks tell of; "": the usual forms
}

// Primer says what the chunks of a frame start from. Values are part of the format and are never
// reused.
type Primer uint8

const (
	PrimerNone       Primer = 0 // nothing
	PrimerFirstChunk Primer = 1 // the state after the first chunk, which starts from nothing
	PrimerDictionary Primer = 2 // the state after a dictionary
)

func (p Primer) String() string {
	switch p {
	case PrimerNone:
		return "none"
	case PrimerFirstChunk:
		return "first chunk"
	}
	return "dictionary"
}

// AppendHeader appends the header of a frame, checksum included.
func AppendHeader(dst []byte, h *Header) []byte {
	start := len(dst)
	dst = append(append(dst, HeaderMagic...), Version)
	if h.Lone {
		form := 0
		if h.Mixes {
			form = 1 + h.Level
		}
		dst = append(dst, byte(form))
		dst = binary.AppendUvarint(dst, uint64(h.ChunkSize))
		return appendCheck(dst, crc32.Checksum(dst[start:], Castagnoli))
	}
	fields := AppendField(nil, FieldChunkSize, binary.AppendUvarint(nil, uint64(h.ChunkSize)))
	if m := h.Model; m != nil {
		value := append(m.SHA256[:], h.Probe[:]...)
		fields = AppendField(fields, FieldModel, append(value, m.Class...))
		if m.Name != "" {
			fields = AppendField(fields, fieldModelName, []byte(m.Name[:min(len(m.Name), maxModelName)]))
		}
		w := binary.AppendUvarint(nil, uint64(h.Window.Reset))
		w = binary.AppendUvarint(w, uint64(h.Window.Window))
		w = binary.AppendUvarint(w, uint64(h.Window.Overlap))
		w = binary.AppendUvarint(w, uint64(h.Window.Bits))
		fields = AppendField(fields, FieldWindow, w)
	}
	switch h.Primer {
	case PrimerFirstChunk:
		fields = AppendField(fields, fieldPrimer, []byte{byte(h.Primer)})
	case PrimerDictionary:
		fields = AppendField(fields, fieldPrimer, append([]byte{byte(h.Primer)}, h.Dict[:]...))
	}
	if h.Mixes {
		fields = AppendField(fields, fieldMix, []byte{byte(h.Level)})
	}
	if h.TimeFormat != "" {
		fields = AppendField(fields, fieldTimeForm, []byte(h.TimeFormat))
	}
	dst = binary.AppendUvarint(dst, uint64(len(fields)+loneForms))
	dst = append(dst, fields...)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], Castagnoli))
}

// ReadHeader reads the header of a frame. At the end of input it returns io.EOF; what is no header
// at all is ErrNotArchive.
func ReadHeader(r *recorder) (*Header, error) {
	r.reset()
	for i := range len(HeaderMagic) {
		c, err := r.ReadByte()
		if err == io.EOF && i == 0 {
			return nil, io.EOF
		}
		if err != nil {
			return nil, Truncated(err)
		}
		if c != HeaderMagic[i] {
			return nil, ErrNotArchive
		}
	}
	v, err := r.ReadByte()
	if err != nil {
		return nil, Truncated(err)
	}
	if v != Version {
		return nil, fmt.Errorf("%w: format version %d, this one reads version %d", ErrUnsupportedVersion, v, Version)
	}
	n, err := readUvarint(r, MaxFields+loneForms, "length of the header")
	if err != nil {
		return nil, err
	}
	if n < loneForms {
		return readLoneHeader(r, int(n))
	}
	start := len(r.buf)
	if err := r.record(int(n - loneForms)); err != nil {
		return nil, err
	}
	if err := r.verifySum("header"); err != nil {
		return nil, err
	}
	return parseHeader(r.buf[start:])
}

// readLoneHeader reads the header of a lone frame from behind its form: 0, or 1 + its level.
func readLoneHeader(r *recorder, form int) (*Header, error) {
	size, err := readUvarint(r, MaxLone, "size of the chunk")
	if err != nil {
		return nil, err
	}
	got := crc32.Checksum(r.buf, Castagnoli) & CheckMask
	if err := r.record(CheckSize); err != nil {
		return nil, err
	}
	if want := check(r.buf[len(r.buf)-CheckSize:]); got != want {
		return nil, fmt.Errorf("%w: checksum of the header is %06x, want %06x", ErrCorrupt, got, want)
	}
	if size == 0 {
		return nil, fmt.Errorf("%w: chunk size", ErrCorrupt)
	}
	return &Header{ChunkSize: int(size), Lone: true, Mixes: form > 0, Level: max(form-1, 0)}, nil
}

// HeaderSize is the bytes of the whole header that src begins with, whose checksum is right; 0:
// there is none.
func HeaderSize(src []byte) int {
	front := len(HeaderMagic) + 1
	if len(src) < front || string(src[:len(HeaderMagic)]) != HeaderMagic || src[front-1] != Version {
		return 0
	}
	n, rest, ok := CutUvarint(src[front:])
	if ok && n < loneForms {
		if n, rest, ok = CutUvarint(rest); !ok || n < 1 || n > MaxLone || len(rest) < CheckSize {
			return 0
		}
		end := len(src) - len(rest)
		if crc32.Checksum(src[:end], Castagnoli)&CheckMask != check(rest) {
			return 0
		}
		return end + CheckSize
	}
	if !ok || n > MaxFields+loneForms || uint64(len(rest)) < n-loneForms+headerSum {
		return 0
	}
	end := len(src) - len(rest) + int(n-loneForms)
	if crc32.Checksum(src[:end], Castagnoli) != binary.LittleEndian.Uint32(src[end:]) {
		return 0
	}
	return end + headerSum
}

// atHeader says whether a whole header of a frame comes next. It looks like a chunk of a reserved
// method otherwise.
func (r *recorder) atHeader() (bool, error) {
	const front = len(HeaderMagic) + 1
	p, err := r.peek(1)
	if len(p) == 0 || p[0] != HeaderMagic[0] || err != nil {
		return false, err
	}
	p, err = r.peek(front + binary.MaxVarintLen32)
	if len(p) < front || string(p[:len(HeaderMagic)]) != HeaderMagic || err != nil {
		return false, err
	}
	n, rest, ok := CutUvarint(p[front:])
	if !ok || n > MaxFields+loneForms {
		return false, nil
	}
	size := front + 1 + binary.MaxVarintLen32 + CheckSize // of a lone frame, at most
	if n >= loneForms {
		size = len(p) - len(rest) + int(n-loneForms) + headerSum
	}
	p, err = r.peek(size)
	return HeaderSize(p) > 0, err
}

// parseHeader takes a header apart from its fields, whose checksum was right.
func parseHeader(src []byte) (*Header, error) {
	fields, err := parseFields(src)
	if err != nil {
		return nil, err
	}
	h := &Header{}
	var name string
	var window bool
	for _, f := range fields {
		switch f.kind {
		case FieldChunkSize:
			size, rest, ok := CutUvarint(f.value)
			if !ok || len(rest) > 0 || size < 1 || size > MaxChunkSize {
				return nil, fmt.Errorf("%w: chunk size", ErrCorrupt)
			}
			h.ChunkSize = int(size)
		case FieldModel:
			id := &lm.ModelID{}
			class := f.value[min(len(f.value), copy(id.SHA256[:], f.value)):]
			class = class[copy(h.Probe[:], class):]
			if len(class) < 1 || len(class) > MaxClass {
				return nil, fmt.Errorf("%w: numeric class", ErrCorrupt)
			}
			id.Class = string(class)
			h.Model = id
		case fieldModelName:
			name = string(bytes.ToValidUTF8(f.value, []byte("?")))
		case FieldWindow:
			window = true
			if h.Window, err = parseWindow(f.value); err != nil {
				return nil, err
			}
		case fieldPrimer:
			if err := h.parsePrimer(f.value); err != nil {
				return nil, err
			}
		case fieldMix:
			if len(f.value) != 1 || f.value[0] > 9 {
				return nil, fmt.Errorf("%w: level % x of the method mix is not known", ErrUnsupportedVersion, f.value)
			}
			h.Mixes, h.Level = true, int(f.value[0])
		case fieldTimeForm:
			if len(f.value) > MaxTimeFormat {
				return nil, fmt.Errorf("%w: format of times of %d bytes", ErrCorrupt, len(f.value))
			}
			h.TimeFormat = string(f.value)
		default:
			if err := refuseUnknown("header field", f.kind); err != nil {
				return nil, err
			}
		}
	}
	if h.ChunkSize == 0 || window != (h.Model != nil) || h.Primer != PrimerNone && !h.Mixes {
		return nil, fmt.Errorf("%w: header without a field that it needs", ErrCorrupt)
	}
	if h.Model != nil {
		h.Model.Name = name
	}
	return h, nil
}

func (h *Header) parsePrimer(src []byte) error {
	switch {
	case len(src) == 1 && Primer(src[0]) == PrimerFirstChunk:
	case len(src) == 1+len(h.Dict) && Primer(src[0]) == PrimerDictionary:
		copy(h.Dict[:], src[1:])
	default:
		return fmt.Errorf("%w: primer % x is not known", ErrUnsupportedVersion, src[:min(len(src), 4)])
	}
	h.Primer = Primer(src[0])
	return nil
}

func parseWindow(src []byte) (p kvcache.Policy, err error) {
	var v [4]uint64
	for i := range v {
		var ok bool
		if v[i], src, ok = CutUvarint(src); !ok || v[i] > 1<<40 {
			return p, fmt.Errorf("%w: window policy", ErrCorrupt)
		}
	}
	if len(src) > 0 {
		return p, fmt.Errorf("%w: window policy", ErrCorrupt)
	}
	if v[0] > uint64(kvcache.EqualInfo) {
		return p, fmt.Errorf("%w: window policy of kind %d is not known", ErrUnsupportedVersion, v[0])
	}
	p = kvcache.Policy{Reset: kvcache.Reset(v[0]), Window: int(v[1]), Overlap: int(v[2]), Bits: int(v[3])}
	if err := p.Validate(); err != nil {
		return p, errors.Join(ErrCorrupt, err)
	}
	return p, nil
}
