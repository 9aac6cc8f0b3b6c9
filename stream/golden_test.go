package stream

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/kvcache"
)

var update = flag.Bool("update", false, "write the golden archives anew")

// Archives of the fake models must stay readable, and be written the same, for ever.
func TestGolden(t *testing.T) {
	log := logExcerpt(t, 4000)
	text := modelText(2000)
	mixed := slices.Concat(text[:900], log[:900], random(300))
	golden := map[string]struct {
		content []byte
		write   func() []byte
	}{
		"empty":  {nil, func() []byte { return compress(t, nil, nil) }},
		"raw":    {log[:1000], func() []byte { return compress(t, nil, log[:1000], WithMethod(codec.Raw), WithChunkSize(300)) }},
		"lm":     {text, func() []byte { return compress(t, letters, text, WithChunkSize(100)) }},
		"mixed":  {mixed, func() []byte { return compress(t, letters, mixed, WithChunkSize(300)) }},
		"filter": {text, func() []byte { return compress(t, letters, text, withFilters, WithChunkSize(100)) }},
		"window": {text, func() []byte { return compress(t, letters, text, WithWindow(equalInfo), WithChunkSize(500)) }},
		"frames": {slices.Concat(text[:300], log[:300]), func() []byte {
			return slices.Concat(compress(t, letters, text[:300]), compress(t, nil, nil), compress(t, fake, log[:300], WithMethod(codec.Raw)))
		}},
	}
	for name, g := range golden {
		path := filepath.Join("testdata", name+".lmz")
		if *update {
			if err := os.WriteFile(path, g.write(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		archive, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decompress(archive); err != nil || !bytes.Equal(got, g.content) {
			t.Errorf("%s: %v, differs at %d", name, err, differsAt(got, g.content))
		}
		if got := g.write(); !bytes.Equal(got, archive) {
			t.Errorf("%s: is written differently from byte %d on", name, differsAt(got, archive))
		}
	}
}

var equalInfo = kvcache.Policy{Reset: kvcache.EqualInfo, Window: 100, Overlap: 20, Bits: 60}

// The example in FORMAT.md is an archive.
func TestFormatExample(t *testing.T) {
	doc, err := os.ReadFile("../docs/FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(doc), "## Example")
	if !ok {
		t.Fatal("no example")
	}
	var archive []byte
	for _, line := range regexp.MustCompile(`(?m)^    ((?:[0-9a-f]{2} )+) `).FindAllStringSubmatch(example, -1) {
		b, err := hex.DecodeString(strings.ReplaceAll(line[1], " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		archive = append(archive, b...)
	}
	const content = "Hello, archive!\n"
	if got, err := decompress(archive); err != nil || string(got) != content {
		t.Errorf("%q, %v", got, err)
	}
	if want := compress(t, nil, []byte(content)); !bytes.Equal(archive, want) {
		t.Errorf("the example is\n% x, but lmz writes\n% x", archive, want)
	}
}
