package explain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/cost"
	"github.com/lmz-go/lmz/stream"
)

func fieldOf(t *testing.T, r *Report, name string) Field {
	t.Helper()
	for _, f := range r.Fields {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no field %q", name)
	return Field{}
}

// near says whether two sums of many numbers are the same.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(math.Abs(a), math.Abs(b), 1) }

// checkSums makes sure that each bit is charged once in each of the tables.
func checkSums(t *testing.T, r *Report) {
	t.Helper()
	sum := func(name string, all []Share) {
		bits, bytes := 0.0, int64(0)
		for _, s := range all {
			bits += s.Bits
			bytes += s.Bytes
		}
		if !near(bits, r.ExplainedBits) || bytes != r.ExplainedBytes {
			t.Errorf("%s: %v bits of %d bytes, want %v of %d", name, bits, bytes, r.ExplainedBits, r.ExplainedBytes)
		}
	}
	sum("tokens", r.Tokens)
	sum("winners", r.Winners)
	curve := 0.0
	for _, s := range r.Curve {
		curve += s.BitsPerByte * float64(s.Bytes)
	}
	if !near(curve, r.ExplainedBits) {
		t.Errorf("the curve has %v bits, want %v", curve, r.ExplainedBits)
	}
	if r.Content != Log {
		return
	}
	templates, frames, fields, lines := 0.0, 0.0, 0.0, int64(0)
	for _, x := range r.Templates {
		templates += x.Bits
		frames += x.Frame
		lines += x.Lines
	}
	for _, f := range r.Fields {
		if f.Within == "" {
			fields += f.Bits
		}
	}
	if !near(templates, r.ExplainedBits) || lines != r.Lines {
		t.Errorf("templates have %v bits in %d lines, want %v in %d", templates, lines, r.ExplainedBits, r.Lines)
	}
	if !near(frames+fields, r.ExplainedBits) {
		t.Errorf("what is the same has %v bits, fields %v, together they should have %v", frames, fields, r.ExplainedBits)
	}
}

// What costs most of a log is found, and said in words.
func TestReportOfLog(t *testing.T) {
	text := shopLog(2000)
	r, archive := explained(t, text, nil)
	checkSums(t, r)
	if r.Content != Log || r.Lines != 2000 || r.RawBytes != int64(len(text)) || r.CompressedBytes != int64(len(archive)) || r.Sampled {
		t.Errorf("%s of %d lines, %d bytes, archive of %d", r.Content, r.Lines, r.RawBytes, r.CompressedBytes)
	}
	payloads := int64(0)
	for _, c := range r.Chunks {
		payloads += int64(c.Payload)
	}
	if off := math.Abs(r.ExplainedBits/8 - float64(payloads)); off > 8*float64(len(r.Chunks)) || payloads+r.Around != r.CompressedBytes {
		t.Errorf("payloads have %d bytes, explained are %.1f, around them %d", payloads, r.ExplainedBits/8, r.Around)
	}

	id := fieldOf(t, r, "request_id")
	if id.Kind != "16 hex digits, random" || !id.Random || math.Abs(id.Each-64) > 2 || !strings.Contains(id.Advice, "left out of the log") {
		t.Errorf("request_id: %+v", id)
	}
	want := fmt.Sprintf("request_id: 16 hex digits, random, %s of the archive", percent(id.Share))
	if !strings.HasPrefix(r.Findings[0], want) {
		t.Errorf("the first finding is %q, want %q", r.Findings[0], want)
	}
	at := fieldOf(t, r, "column 1")
	if at.Kind != "date and time" || !strings.Contains(at.Advice, "its last 3 digits cost 10 bits a line: with milliseconds") {
		t.Errorf("column 1: %+v", at)
	}
	user := fieldOf(t, r, "user")
	if user.Kind != "one of 60 values" || math.Abs(user.Each-math.Log2(60)) > 0.3 {
		t.Errorf("user: %+v", user)
	}
	if order := fieldOf(t, r, `behind "order"`); order.Kind != "6 digits, rising" {
		t.Errorf("order: %+v", order)
	}
	if len(r.Templates) != 4 {
		t.Errorf("%d templates, want 4", len(r.Templates))
	}
	got := ""
	for _, x := range r.Templates {
		got += x.Text + "\n"
	}
	for _, want := range []string{
		"<*> INFO  <*> request_id=<*> user=<*> GET <*> status=<*> took <*> ms\n",
		"<*> INFO  <*> cache miss for product <*>, asking the database\n",
		"<*> INFO  <*> order <*> is paid by card\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no template %q in\n%s", want, got)
		}
	}
	for i := range r.Costliest[1:] {
		if r.Costliest[i].Bits < r.Costliest[i+1].Bits {
			t.Fatalf("line %d is costlier than the one before", i+1)
		}
	}
	lines := bytes.Split(text, []byte{'\n'})
	for _, l := range r.Costliest {
		if !strings.HasPrefix(string(lines[l.Number-1]), l.Text) || !bytes.HasPrefix(text[l.Offset:], []byte(l.Text)) {
			t.Fatalf("line %d, at byte %d, is not %q", l.Number, l.Offset, l.Text)
		}
	}
}

// JSON is told apart by its keys, and text in it by its words.
func TestReportOfJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for range 2000 {
		fmt.Fprintf(&b, `{"time": %d, "trace": {"id": "%08x-%04x-4%03x-a%03x-%012x", "tags": ["a", "b%d"]}, "msg": "took %d ms, \"%d\" left\n"}`+"\n",
			rng.Uint32(), rng.Uint32(), rng.Uint32N(1<<16), rng.Uint32N(1<<12), rng.Uint32N(1<<12), rng.Uint64N(1<<48), rng.IntN(3), rng.IntN(4000), rng.IntN(2000))
	}
	r, _ := explained(t, b.Bytes(), nil, stream.WithLevel(4))
	checkSums(t, r)
	for name, kind := range map[string]string{
		"time": "number, random", "trace.id": "UUID, random", "trace.tags[]": "one of 4 values", "msg": "text", `msg › behind "took"`: "number",
	} {
		if f := fieldOf(t, r, name); f.Kind != kind {
			t.Errorf("%s is %q, want %q", name, f.Kind, kind)
		}
	}
	if f := fieldOf(t, r, `msg › behind "took"`); f.Within != "msg" || f.Bits > fieldOf(t, r, "msg").Bits {
		t.Errorf("%+v", f)
	}
	if len(r.Templates) != 1 || r.Templates[0].Lines != 2000 {
		t.Errorf("%d templates", len(r.Templates))
	}
}

// Columns of tables are called what the first line calls them; line ends in quotes end no line.
func TestReportOfTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	b := bytes.NewBufferString("when;key;note\n")
	for i := range 2000 {
		note := "none"
		if i%100 == 0 {
			note = "\"first\nsecond; third\""
		}
		fmt.Fprintf(b, "2026-01-%02d;%012x;%s\n", 1+i/100, rng.Uint64N(1<<48), note)
	}
	r, _ := explained(t, b.Bytes(), nil, stream.WithLevel(4))
	checkSums(t, r)
	if r.Content != Table || r.Lines != 2001 {
		t.Errorf("%s of %d lines", r.Content, r.Lines)
	}
	for name, kind := range map[string]string{"when": "date", "key": "12 hex digits, random", "note": "one of 2 values"} {
		if f := fieldOf(t, r, name); f.Kind != kind || f.Values != 2000 {
			t.Errorf("%s is %q, %d times, want %q", name, f.Kind, f.Values, kind)
		}
	}
}

func TestReportOfOthers(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	noise := make([]byte, 70_000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	prose := strings.Repeat("It was a bright day, and nobody in the village knew what to say about the weather.\nSo they kept quiet. ", 200)
	for name, c := range map[string]struct {
		text    []byte
		opts    []stream.WriterOption
		content Content
		finding string
		never   string // in no finding, if not empty
	}{
		"nothing": {nil, nil, Log, "there is nothing to explain", ""},
		"a byte":  {[]byte("x"), nil, Log, "of the archive is headers", ""},
		"noise":   {noise, nil, Binary, "is it compressed or encrypted already?", "does not say what single"},
		"prose":   {[]byte(prose), nil, Prose, "words: ", "does not say what single"},
		"zstd":    {shopLog(500), []stream.WriterOption{stream.WithMethod(codec.Zstd)}, Log, "does not say what single bytes cost", "encrypted"},
		"bwt":     {shopLog(500), []stream.WriterOption{stream.WithMethod(codec.BWT)}, Log, "does not say what single bytes cost", "encrypted"},
		"chunks":  {shopLog(2000), []stream.WriterOption{stream.WithChunkSize(8000), stream.WithPrimer(9000)}, Log, "request_id", ""},
	} {
		r, _ := explained(t, c.text, nil, append(c.opts, stream.WithLevel(3))...)
		checkSums(t, r)
		if r.Content != c.content {
			t.Errorf("%s is %q, want %q", name, r.Content, c.content)
		}
		if all := strings.Join(r.Findings, "\n"); !strings.Contains(all, c.finding) {
			t.Errorf("%s: %q is not said in\n%s", name, c.finding, all)
		} else if c.never != "" && strings.Contains(all, c.never) {
			t.Errorf("%s: %q is said in\n%s", name, c.never, all)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := r.HTML(new(bytes.Buffer), 20); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What there is of an archive that is being written is reported on.
func TestReadUnfinished(t *testing.T) {
	_, archive := explained(t, shopLog(900), nil, stream.WithLevel(1), stream.WithChunkSize(20_000), stream.WithPrimer(0))
	frames, err := stream.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	last := frames[0].Chunks[2]
	r, err := Read(t.Context(), bytes.NewReader(archive[:last.Offset+last.Size]), cost.Options{}, Source{})
	if !errors.Is(err, stream.ErrUnfinished) || r == nil || r.RawBytes != last.RawOffset+last.RawSize || len(r.Chunks) != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	checkSums(t, r)
	r, err = Read(t.Context(), bytes.NewReader(archive[:last.Offset+last.Size-1]), cost.Options{}, Source{})
	if !errors.Is(err, stream.ErrTruncated) || r != nil {
		t.Errorf("%+v, %v", r, err)
	}
}

// Colors change no text, and each color is in the legend.
func TestPrint(t *testing.T) {
	r, _ := explained(t, shopLog(1000), nil, stream.WithLevel(3))
	var plain, colored bytes.Buffer
	if err := r.Print(&plain, Style{Top: 3, Width: 90}); err != nil {
		t.Fatal(err)
	}
	if err := r.Print(&colored, Style{Top: 3, Width: 90, Color: true}); err != nil {
		t.Fatal(err)
	}
	if bytes.IndexByte(plain.Bytes(), 0x1b) >= 0 {
		t.Error("there are escapes in plain text")
	}
	ansi := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, line := range strings.Split(plain.String(), "\n") {
		if n := len([]rune(line)); n > 90 && !strings.HasPrefix(line, "shop.log") {
			t.Errorf("a line of %d characters: %q", n, line)
		}
		if !strings.Contains(ansi.ReplaceAllString(colored.String(), ""), line) {
			t.Errorf("with color there is no line %q", line)
		}
	}
	for _, want := range []string{"shop.log: log, 1000 lines", "\nFields\n", "\nTemplates\n", "\nLines\n", "\nForeseen by\n", "request_id: 16 hex digits, random: "} {
		if !strings.Contains(plain.String(), want) {
			t.Errorf("%q is not in\n%s", want, plain.String())
		}
	}
	if !strings.Contains(colored.String(), escape(7)) || !strings.Contains(colored.String(), "Bits:") {
		t.Errorf("no color for random digits in\n%q", colored.String())
	}
}

// What is shown of a log acts on no terminal.
func TestPrintIsPrintable(t *testing.T) {
	var text []byte
	for i := range 500 {
		text = fmt.Appendf(text, "a\x1b]0;owned\a%d \u009b2J key\u202e=%d\n", i, i)
	}
	r, _ := explained(t, text, nil, stream.WithLevel(3))
	r.File = "x\x1b[2J"
	var out bytes.Buffer
	if err := r.Print(&out, Style{Top: 10, Width: 100}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\a\u009b\u202e") {
		t.Errorf("%q", out.String())
	}
}

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{0: "0 %", 0.0001: "under 0.1 %", 0.0123: "1.2 %", 0.0996: "10 %", 0.41: "41 %", 1: "100 %"} {
		if got := percent(share); got != want {
			t.Errorf("%v is %q, want %q", share, got, want)
		}
	}
	for bits, want := range map[float64]string{0: "0 bits", 0.001: "under 0.01 bits", 1: "1 bit", 3.14: "3.1 bits", 64.4: "64 bits"} {
		if got := bitsText(bits); got != want {
			t.Errorf("%v is %q, want %q", bits, got, want)
		}
	}
}
