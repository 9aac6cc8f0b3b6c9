package explain

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lmz-go/lmz/internal/cost"
)

// Report says where the bits of an archive go. Its fields are those of lmz explain --json. Shares
// are of the bits that were explained.
type Report struct {
	File    string  `json:"file"`
	Content Content `json:"content"`
	Settings
	SourceBytes     int64   `json:"source_bytes,omitempty"` // of a file of which only parts were compressed
	RawBytes        int64   `json:"raw_bytes"`
	CompressedBytes int64   `json:"compressed_bytes"` // of the whole archive
	Around          int64   `json:"around_bytes"`     // of these: headers, checks, filters, index, text that is no content
	ExplainedBytes  int64   `json:"explained_bytes"`  // raw bytes that were looked at
	ExplainedBits   float64 `json:"explained_bits"`   // what these take
	Sampled         bool    `json:"sampled"`          // not all was looked at
	Lines           int64   `json:"lines"`            // that were looked at
	BitsPerByte     float64 `json:"bits_per_byte"`    // of what was explained
	ModelSaved      float64 `json:"model_saved_bits"` // what would be there without the model's advice
	Redundancy      []Under `json:"redundancy"`       // how many bytes cost next to nothing

	Findings  []string   `json:"findings"` // in words, the most important first
	Templates []Template `json:"templates"`
	Fields    []Field    `json:"fields"`
	Costliest []Line     `json:"costliest_lines"`
	Tokens    []Share    `json:"tokens"`
	Winners   []Share    `json:"winners"`
	Curve     []Stretch  `json:"curve"`
	Chunks    []Chunk    `json:"chunks"` // the first 10000

	excerpts []excerpt
}

// Settings are what an archive was made with.
type Settings struct {
	Method     string `json:"method"`
	Level      *int   `json:"level,omitempty"` // of mix, and of bwt in its place
	Model      string `json:"model,omitempty"`
	ChunkCount int    `json:"chunk_count"`
}

// Under is how many bytes cost less than so many bits.
type Under struct {
	Bits  float64 `json:"bits"`
	Share float64 `json:"share_of_bytes"`
}

// Share is what some bytes cost together.
type Share struct {
	Name  string  `json:"name"`
	Bytes int64   `json:"bytes"`
	Bits  float64 `json:"bits"`
	Share float64 `json:"share"`
}

// Template is a kind of lines. Text is a line of it, with <*> for what varies.
type Template struct {
	Text    string  `json:"template"`
	Lines   int64   `json:"lines"`
	Bits    float64 `json:"bits"`
	Share   float64 `json:"share"`
	Each    float64 `json:"bits_per_line"`
	Frame   float64 `json:"frame_bits"` // what is the same in each line: which template comes next
	Example string  `json:"example"`
	piece   piece
}

// Field is what stands at one place of lines.
type Field struct {
	Name     string  `json:"field"`
	Within   string  `json:"within,omitempty"` // the field whose values it is a part of
	Kind     string  `json:"kind"`             // in words
	Random   bool    `json:"random"`
	Values   int64   `json:"values"`
	Distinct int     `json:"distinct"` // values that differ; 257 stands for more than 256
	Bytes    int64   `json:"bytes"`
	Bits     float64 `json:"bits"`
	Share    float64 `json:"share"`
	Each     float64 `json:"bits_per_value"`
	Saved    float64 `json:"model_saved_bits"`
	Example  string  `json:"example"`
	Advice   string  `json:"advice,omitempty"`
	piece    piece
}

// Line is one of the costliest lines.
type Line struct {
	Number int64   `json:"line"`   // of those looked at, from 1
	Offset int64   `json:"offset"` // in the content
	Bytes  int     `json:"bytes"`
	Bits   float64 `json:"bits"`
	Share  float64 `json:"share"`
	Text   string  `json:"text"`
	piece  piece
}

// Stretch is a piece of the text, as a point of a curve.
type Stretch struct {
	Offset      int64   `json:"offset"`
	Bytes       int64   `json:"bytes"` // that were looked at
	BitsPerByte float64 `json:"bits_per_byte"`
	Alone       float64 `json:"without_model"` // bits per byte without the model's advice
}

// Chunk is a chunk of the archive.
type Chunk struct {
	Number    int     `json:"chunk"`
	Offset    int64   `json:"raw_offset"`
	Raw       int     `json:"raw_bytes"`
	Payload   int     `json:"payload_bytes"`
	Method    string  `json:"method"`
	Explained bool    `json:"explained"`
	PerByte   float64 `json:"bits_per_byte"`
}

// Report is about what has come. The Collector cannot be used any more.
func (c *Collector) Report() *Report {
	if c.content == "" {
		c.begin()
	}
	c.endLine()
	c.tokens.end()
	r := &Report{
		Content: c.content, ExplainedBytes: c.bytes, ExplainedBits: c.bits, Lines: c.lines, ModelSaved: c.saved,
		Findings: []string{}, Templates: []Template{}, Fields: []Field{}, Costliest: []Line{}, Tokens: []Share{}, Winners: []Share{},
		Curve: []Stretch{}, Chunks: []Chunk{}, excerpts: c.excerpts.pieces,
	}
	if c.bytes > 0 {
		r.BitsPerByte = c.bits / float64(c.bytes)
		for i, t := range thresholds {
			r.Redundancy = append(r.Redundancy, Under{t, float64(c.under[i]) / float64(c.bytes)})
		}
	}
	for i, k := range c.tokens.kinds {
		k.Name = tokenNames[i]
		r.Tokens = appendShare(r.Tokens, k, c.bits)
	}
	for i, w := range c.winners {
		w.Name = cost.Winner(i).String()
		r.Winners = appendShare(r.Winners, w, c.bits)
	}
	byBits(r.Tokens, func(s Share) float64 { return s.Bits })
	byBits(r.Winners, func(s Share) float64 { return s.Bits })
	for i, p := range c.curve.points {
		if p.bytes > 0 {
			r.Curve = append(r.Curve, Stretch{int64(i) * c.curve.width, int64(p.bytes), p.bits / p.bytes, (p.bits + p.saved) / p.bytes})
		}
	}
	r.Costliest = append(r.Costliest, c.top...)
	byBits(r.Costliest, func(l Line) float64 { return l.Bits })
	for i := range r.Costliest {
		l := &r.Costliest[i]
		l.Share, l.Text = share(l.Bits, c.bits), valid(l.piece.text)
	}
	c.sorter.report(r)
	return r
}

// report adds templates and fields.
func (s *sorter) report(r *Report) {
	for _, t := range s.templates() {
		same := t.frame
		for _, q := range t.slots {
			same += q.bits
		}
		r.Templates = append(r.Templates, Template{
			Text: valid([]byte(t.text(s))), Lines: t.lines, Bits: t.bits, Share: share(t.bits, r.ExplainedBits), Each: t.bits / float64(t.lines),
			Frame: same, Example: valid(t.example.text), piece: t.example,
		})
	}
	r.addFields(s.fields(), "")
	for _, name := range slices.Sorted(maps.Keys(s.inner)) {
		if in := s.inner[name]; in.repeats() {
			r.addFields(in.fields(), name)
		}
	}
	byBits(r.Templates, func(t Template) float64 { return t.Bits })
	byBits(r.Fields, func(f Field) float64 { return f.Bits })
}

// templates are all that there are.
func (s *sorter) templates() []*template {
	all := slices.Clone(s.all)
	for _, kind := range []lineKind{textLine, jsonLine, tableLine} {
		if t := s.others[kind]; t != nil {
			all = append(all, t)
		}
	}
	return all
}

// repeats says whether the texts are lines of a few templates, rather than free text.
func (s *sorter) repeats() bool {
	lines := int64(0)
	for _, t := range s.templates() {
		lines += t.lines
	}
	return lines >= 4*int64(len(s.all)) && len(s.others) == 0
}

// fields gives what varies, by name.
func (s *sorter) fields() map[string]*stat {
	fields := map[string]*stat{}
	add := func(name string, f *stat) {
		if fields[name] == nil {
			fields[name] = new(stat)
		}
		fields[name].merge(f)
	}
	for _, t := range s.templates() {
		for i, q := range t.slots {
			if q.stat != nil {
				add(t.nameOf(i), q.stat)
			}
		}
	}
	for name, f := range s.named {
		add(name, f)
	}
	return fields
}

// addFields adds fields, of lines or of the values of a field.
func (r *Report) addFields(fields map[string]*stat, within string) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f := fields[name].field(name, r.ExplainedBits)
		if f.Within = within; within != "" {
			f.Name = within + " › " + name
		}
		r.Fields = append(r.Fields, f)
	}
}

// byBits sorts what costs most to the front.
func byBits[T any](s []T, bits func(T) float64) {
	slices.SortStableFunc(s, func(a, b T) int { return cmp.Compare(bits(b), bits(a)) })
}

func appendShare(all []Share, s Share, bits float64) []Share {
	if s.Bytes == 0 {
		return all
	}
	s.Share = share(s.Bits, bits)
	return append(all, s)
}

// share is a part of all, 0 of nothing.
func share(bits, all float64) float64 {
	if all <= 0 {
		return 0
	}
	return bits / all
}

// Finish puts into words what has been found about the content of a file, and names it. The fields
// that are about the archive must have been set.
func (r *Report) Finish(file string) {
	r.File = file
	methods := map[string]int{}
	for _, c := range r.Chunks {
		methods[c.Method] += c.Raw
	}
	for name, n := range methods {
		if n > methods[r.Method] || n == methods[r.Method] && name < r.Method {
			r.Method = name
		}
	}
	r.find()
}
