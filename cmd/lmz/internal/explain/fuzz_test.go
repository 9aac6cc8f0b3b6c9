package explain

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/lmz-go/lmz/internal/cost"
)

// FuzzCollector: whatever comes, in whatever pieces, is charged once, parts of lines lie behind
// each other, and reports can be written.
func FuzzCollector(f *testing.F) {
	f.Add([]byte("a=1 b=\"two words\" 12:00:01.5\n{\"k\": [1, {\"x\": \"y z w\"}]}\n"), uint16(7), uint8(3))
	f.Add([]byte("a,b,c\n1,\"2\n3\",4\n5,6,7\n8,9,10\n"), uint16(3), uint8(0))
	f.Add(bytes.Repeat([]byte("日本\xff\x00 over the hills "), 40), uint16(1), uint8(200))
	f.Fuzz(func(t *testing.T, text []byte, step uint16, seed uint8) {
		costs := make([]cost.Byte, len(text))
		bits := 0.0
		for i := range costs {
			costs[i] = cost.Byte{Bits: float32(uint8(i*7)^seed) / 16, Saved: float32(i%5) - 1, Winner: cost.Winner(uint8(i) ^ seed)}
			bits += float64(costs[i].Bits)
		}
		c := NewCollector()
		for at := 0; at < len(text); {
			n := min(len(text)-at, 1+int(step))
			c.Add(text[at:at+n], costs[at:at+n])
			if at += n; seed&1 == 1 {
				c.Skip(int64(step))
			}
		}
		r := c.Report()
		r.RawBytes = int64(len(text))
		r.Finish("x")
		checkSums(t, r)
		if r.ExplainedBytes != int64(len(text)) || !near(r.ExplainedBits, bits) {
			t.Fatalf("%v bits of %d bytes, want %v of %d", r.ExplainedBits, r.ExplainedBytes, bits, len(text))
		}
		if err := json.NewEncoder(io.Discard).Encode(r); err != nil {
			t.Fatal(err)
		}
		if err := r.Print(io.Discard, Style{Top: 5, Width: 40, Color: seed&2 == 2}); err != nil {
			t.Fatal(err)
		}
		var page bytes.Buffer
		if err := r.HTML(&page, 20); err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(bytes.ToLower(page.Bytes()), []byte("<script")); n != 3 {
			t.Fatalf("%d scripts", n)
		}
		for _, p := range []parser{{}, {separator: ','}} {
			for line := range bytes.SplitSeq(text, []byte{'\n'}) {
				end := 0
				parts, _ := p.parse(nil, line)
				for _, q := range parts {
					if q.start < end || q.end < q.start || q.end > len(line) {
						t.Fatalf("part %v of %q begins before %d, or lies outside", q, line, end)
					}
					end = q.end
				}
			}
		}
	})
}
