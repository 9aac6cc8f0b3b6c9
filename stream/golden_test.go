package stream

import (
	"bytes"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// Archives of the fake models must stay readable, and be written the same, for ever: all that
// docs/FORMAT.md names is in one of them.
func TestGolden(t *testing.T) {
	log := logExcerpt(t, 4000)
	text := modelText(2000)
	mixed := slices.Concat(text[:900], log[:900], random(300))
	cuts := slices.Concat(bytes.Repeat([]byte("añ日🙂"), 40), []byte("\nx\n"), random(200), log[:500])
	repeated := bytes.Repeat([]byte("over and over again: 0123456789\n"), 50_000)
	prose := golden.Text("prose", 1, 100_000)
	unlike := slices.Concat(random(100), make([]byte, 256<<10))
	for name, g := range map[string]struct {
		content []byte
		write   func() []byte
	}{
		"empty":    {nil, func() []byte { return compress(t, nil, nil) }},
		"defaults": {nil, func() []byte { return defaults(t) }},
		"raw":      {log[:1000], func() []byte { return compress(t, nil, log[:1000], WithMethod(codec.Raw), WithChunkSize(300)) }},
		"zstd":     {log, func() []byte { return compress(t, nil, log, WithMethod(codec.Zstd), WithChunkSize(1500)) }},
		"bwt":      {log, func() []byte { return compress(t, nil, log, WithMethod(codec.BWT), WithChunkSize(1500)) }},
		"sorted":   {prose, func() []byte { return compress(t, nil, prose, WithMethod(codec.Mix), WithLevel(1)) }},
		"lm":       {text, func() []byte { return compress(t, letters, text, WithChunkSize(100)) }},
		"ranks": {slices.Concat(text, text), func() []byte {
			return slices.Concat(compress(t, letters, text, WithMethod(codec.RankGzip), WithWindow(equalInfo), WithChunkSize(700)),
				compress(t, letters, text, WithMethod(codec.RankHuffman), withFilters, WithChunkSize(300)))
		}},
		"mixed":   {mixed, func() []byte { return compress(t, letters, mixed, WithChunkSize(300)) }},
		"filter":  {text, func() []byte { return compress(t, letters, text, withFilters, WithChunkSize(100)) }},
		"window":  {text, func() []byte { return compress(t, letters, text, WithWindow(equalInfo), WithChunkSize(500)) }},
		"hard":    {text, func() []byte { return compress(t, letters, text, WithWindow(hard), WithChunkSize(500)) }},
		"cuts":    {cuts, func() []byte { return compress(t, nil, cuts, WithMethod(codec.Raw), WithChunkSize(50)) }},
		"flushed": {log, func() []byte { return flushed(t, log, 90, WithLevel(1), WithPrimer(500)) }},
		"failed":  {log, func() []byte { return compress(t, nil, log, misled, WithChunkSize(1500), WithPrimer(0), WithLevel(1)) }},
		"primer": {repeated, func() []byte {
			return compress(t, nil, repeated, WithMethod(codec.Mix), WithLevel(1), WithChunkSize(1<<20))
		}},
		"small": {repeated[:1_100_000], func() []byte {
			return compress(t, nil, repeated[:1_100_000], WithMethod(codec.Mix), WithLevel(1), WithChunkSize(1<<20-1))
		}},
		"lead": {returning(), func() []byte { return led(t) }},
		"frames": {slices.Concat(text[:300], log[:300]), func() []byte {
			return slices.Concat(compress(t, letters, text[:300]), compress(t, nil, nil), compress(t, fake, log[:300], WithMethod(codec.Raw)))
		}},
		"lone": {unlike, func() []byte { return compress(t, nil, unlike, WithMethod(codec.Raw), WithChunkSize(1<<20)) }},
		"padded": {slices.Concat(log[:300], log[:200]), func() []byte {
			return slices.Concat(compress(t, nil, log[:300]), make([]byte, 512), compress(t, nil, log[:200]), make([]byte, 9000))
		}},
		"later": {log[:400], func() []byte { return later(log[:400]) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			archive := golden.Stored(t, filepath.Join("testdata", name+".lmz"), g.write())
			if got, err := decompress(archive, WithDictionaries(DictionarySet([]byte("a word")))); err != nil || !bytes.Equal(got, g.content) {
				t.Errorf("%v, differs at %d", err, differsAt(got, g.content))
			}
		})
	}
}

// A frame that was not finished is read up to its end, and so is what follows; the missing end is
// reported last.
func TestGoldenUnfinished(t *testing.T) {
	log := logExcerpt(t, 3000)
	whole := flushed(t, log[:2000], 500, WithLevel(1), WithPrimer(0))
	index := bytes.LastIndexByte(whole, format.TagIndex)
	got := slices.Concat(whole[:index], compress(t, nil, log[2000:], WithMethod(codec.Mix), WithLevel(1)))
	archive := golden.Stored(t, filepath.Join("testdata", "unfinished.lmz"), got)
	if back, err := decompress(archive); !errors.Is(err, ErrTruncated) || !bytes.Equal(back, log) {
		t.Errorf("%v, differs at %d", err, differsAt(back, log))
	}
}

var (
	equalInfo = kvcache.Policy{Reset: kvcache.EqualInfo, Window: 100, Overlap: 20, Bits: 60}
	hard      = kvcache.Policy{Reset: kvcache.Hard, Window: 60}
)

// defaults are empty frames with all that is in a header where no option says otherwise.
func defaults(t *testing.T) (archive []byte) {
	archive = compress(t, nil, nil, WithMethod(codec.Mix))
	for level := 0; level <= preset.Max; level++ {
		archive = append(archive, compress(t, nil, nil, WithMethod(codec.Mix), WithLevel(level))...)
	}
	archive = append(archive, compress(t, nil, nil, WithMethod(codec.Mix), WithLevel(1), WithDictionary([]byte("a word")))...)
	for _, m := range []codec.Method{codec.Raw, codec.Zstd} {
		archive = append(archive, compress(t, nil, nil, WithMethod(m))...)
	}
	for _, m := range []lm.Model{fake, letters} {
		archive = append(archive, compress(t, m, nil, WithMethod(codec.LM))...)
	}
	return archive
}

// flushed is an archive of chunks of n bytes, by method Mix.
func flushed(t *testing.T, data []byte, n int, opts ...WriterOption) []byte {
	var out bytes.Buffer
	w, err := NewWriter(&out, nil, append(opts, WithMethod(codec.Mix))...)
	for part := range slices.Chunk(data, n) {
		if err == nil {
			_, err = w.Write(part)
		}
		if err == nil {
			err = w.Flush()
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// misled makes full chunks of method Mix fail their verification.
var misled = writerOption(func(o *writerOptions) error {
	o.verify, o.method = true, codec.Mix
	o.mislead = func(m codec.Method, raw []byte) []byte {
		if m == codec.Mix && 8*len(raw) > 7*o.chunkSize {
			return bytes.ToUpper(raw)
		}
		return raw
	}
	return nil
})

// later is an archive as a later writer might make it: with fields and records that readers of
// today pass over.
func later(content []byte) []byte {
	sum := func(b []byte) []byte {
		s := crc32.Checksum(b, format.Castagnoli)
		return []byte{byte(s), byte(s >> 8), byte(s >> 16), byte(s >> 24)}
	}
	frame := []byte(format.HeaderMagic + "\x01\x18" + "\x01\x02\x90\x03" + "\x02\x01\x06" + "\x06\x01x" + "\xc8\x01\x00")
	frame = append(frame, sum(frame)...)
	header := len(frame)
	frame = format.AppendAuxiliary(frame, 6, []byte("what is to come"))
	chunk := []byte{0x80 | format.TagExtended, 0x00, 0x90, 0x03, byte(bytes.Count(content, []byte{'\n'})), 0x04, 0x04, 0x02, 'h', 'i'}
	chunk = append(chunk, sum(content)...)
	check := format.ChunkCheck(chunk, content, 0)
	frame = append(append(frame, chunk...), byte(check), byte(check>>8), byte(check>>16))
	frame = append(frame, content...)
	frame = format.AppendAuxiliary(frame, 1<<40, nil)
	x := format.Index{ChunkSize: 400}
	x.Chunk(int64(len(frame)-header), len(content), bytes.Count(content, []byte{'\n'}))
	body := append(x.Body(int64(header)), 0x02, 0x03, 'a', 'b', 'c', 0x08, 0x00)
	index := append([]byte{format.TagIndex, byte(len(body))}, body...)
	index = append(index, sum(index)...)
	return append(append(frame, index...), byte(len(index)), 0, 0, 0, 'z', 'm', 'l', 0xbc)
}

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
	if got, err := decompress(archive, WithDictionaries(DictionarySet([]byte("a word")))); err != nil || string(got) != content {
		t.Errorf("%q, %v", got, err)
	}
	if want := compress(t, nil, []byte(content)); !bytes.Equal(archive, want) {
		t.Errorf("the example is\n% x, but lmz writes\n% x", archive, want)
	}
}
