package bpe_test

import (
	"bytes"
	"hash/fnv"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lmz-go/lmz/internal/bpe"
	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/models/embedded"
)

// libllama tokenizes with libllama and the embedded model base; nil without it.
var libllama func(text []byte) ([]int32, error)

func base(t testing.TB) *bpe.Tokenizer { return open(t, header(t, embedded.Models()[0].GGUF)) }

func open(t testing.TB, h *gguf.Header) *bpe.Tokenizer {
	t.Helper()
	tokenizer, err := bpe.New(h)
	if err != nil {
		t.Fatal(err)
	}
	return tokenizer
}

func header(t testing.TB, file []byte) *gguf.Header {
	t.Helper()
	h, err := gguf.ReadAll(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// encode encodes text, whose tokens must spell it and be those of libllama where that is there.
func encode(t testing.TB, tokenizer *bpe.Tokenizer, text []byte) []int32 {
	t.Helper()
	tokens := tokenizer.Encode(nil, text)
	if spelt := spell(t, tokenizer, tokens); !bytes.Equal(spelt, text) {
		t.Fatalf("%.60q: tokens spell %.60q", text, spelt)
	}
	if libllama == nil || !utf8.Valid(text) {
		return tokens
	}
	want, err := libllama(text)
	if err != nil {
		t.Fatal(err)
	}
	same(t, text, tokens, want)
	return tokens
}

func spell(t testing.TB, tokenizer *bpe.Tokenizer, tokens []int32) (text []byte) {
	t.Helper()
	for _, token := range tokens {
		if len(tokenizer.Pieces()[token]) == 0 {
			t.Fatalf("token %d has no piece", token)
		}
		text = append(text, tokenizer.Pieces()[token]...)
	}
	return text
}

func same(t testing.TB, text []byte, tokens, want []int32) {
	t.Helper()
	if slices.Equal(tokens, want) {
		return
	}
	i := 0
	for i < len(want) && i < len(tokens) && tokens[i] == want[i] {
		i++
	}
	t.Fatalf("%.60q: tokens %d… of %d are %v, want %v of %d", text, i, len(tokens), tokens[i:min(i+4, len(tokens))],
		want[i:min(i+4, len(want))], len(want))
}

func TestEncode(t *testing.T) {
	tokenizer := base(t)
	for _, test := range []struct{ text, pieces string }{
		{"", ""}, {"a", "a"}, {" ", " "}, {"\n", "\n"}, {"\x00", "\x00"},
		{"It's they'll WE'RE I'D 'tis 'Said O'Reilly's '", "It|'s| they|'ll| W|E|'|RE| I|'|D| '|t|is| '|S|aid| O|'|Re|il|ly|'s| '"},
		{"'\u017f 'lx 're", "'|\xc5|\xbf| '|l|x| '|re"},
		{"1234567 2026-03-01T12:34:56.789Z", "123|456|7| |202|6|-|03|-|01|T|12|:|34|:|56|.|78|9|Z"},
		{"٣٤٥٦½²Ⅷa1b", "\xd9|\xa3|\xd9|\xa4|\xd9|\xa5|\xd9|\xa6|\xc2|\xbd|\xc2|\xb2|\xe2|\x85|\xa7|a|1|b"},
		{"two  spaces   three\tone\t\ttwo  \n\n  lines\r\n\r\n end  ", "t|wo| | sp|ac|es|  | th|ree|\t|one|\t|\tt|wo|  |\n\n| | l|ines|\r\n\r\n| end|  "},
		{"\t\"key\": [1, 2],\n\n\n}", "\t|\"|key|\":| [|1|,| |2|],|\n\n\n|}"},
		{"a\u00a0b\u3000c\u2028d\u0085", "a|\xc2|\xa0|b|\xe3|\x80|\x80|c|\xe2|\x80|\xa8|d|\xc2|\x85"},
		{"Größe мир 東京 한글 e\u0301 😀🏳️", "Gr|\xc3|\xb6|\xc3|\x9f|e| |\xd0|\xbc|\xd0|\xb8|\xd1|\x80| |\xe6|\x9d|\xb1|\xe4|\xba|\xac| |\xed|\x95|\x9c|\xea|\xb8|\x80| e|\xcc|\x81| |\xf0|\x9f|\x98|\x80|\xf0|\x9f|\x8f|\xb3|\xef|\xb8|\x8f"},
		{"Failed password for invalid user admin from 10.0.0.1 port 22 ssh2\n", "F|ailed| pass|word| for| in|valid| user| ad|min| from| |10|.|0|.|0|.|1| port| |22| ssh|2|\n"},
		{"<|bos|>", "<|||b|os|||>"},
		{"\U0002ebf0x", "\xf0|\xae|\xaf|\xb0|x"},
	} {
		var pieces []string
		for _, token := range encode(t, tokenizer, []byte(test.text)) {
			pieces = append(pieces, string(tokenizer.Pieces()[token]))
		}
		if got := strings.Join(pieces, "|"); got != test.pieces {
			t.Errorf("%q: pieces are %q, want %q", test.text, got, test.pieces)
		}
	}
	if tokens := tokenizer.Encode([]int32{7}, []byte("a")); len(tokens) != 2 || tokens[0] != 7 {
		t.Errorf("appending gave %v", tokens)
	}
	if n, bos := len(tokenizer.Pieces()), tokenizer.BOS(); n != 4096 || bos != 4095 || len(tokenizer.Pieces()[bos]) != 0 {
		t.Errorf("%d pieces, BOS is %d", n, bos)
	}
}

// TestEncodeTexts: the tokens of generated texts stay what they are; libllama gave them.
func TestEncodeTexts(t *testing.T) {
	tokenizer := base(t)
	all := texts(1, 40_000)
	for name, want := range map[string]uint64{
		"logs": 0x1f614bb07e91dcc3, "prose": 0xae7159e15a84d651, "classes": 0x3747b27a63c9cd60, "mixes": 0x6907d82254c4c30a, "digits": 0x66e0852942bbfa0e, "long run": 0xce42ed95743cb8a7, "one letter": 0x73f41b348c48c3e5, "spaces": 0xa93f2c62e4678ad5, "lines": 0xc64522cc8cc1ca25,
		"dashes": 0x160f533f694c0425, "runes": 0x256fd141883c8646,
	} {
		h := fnv.New64a()
		for _, token := range encode(t, tokenizer, all[name]) {
			h.Write([]byte{byte(token), byte(token >> 8)})
		}
		if got := h.Sum64(); got != want {
			t.Errorf("%q: %#x, want %#x", name, got, want)
		}
	}
}

// TestEncodeMany: many short texts, where beginnings and ends matter, have the tokens of the
// definition.
func TestEncodeMany(t *testing.T) {
	tokenizer, definition := base(t), newReference(header(t, embedded.Models()[0].GGUF))
	for seed := range uint64(12) {
		for _, text := range texts(seed, 150) {
			for cut := range min(12, len(text)) {
				if !utf8.RuneStart(text[cut]) {
					continue
				}
				tokens := encode(t, tokenizer, text[cut:])
				if known(text[cut:]) {
					same(t, text[cut:], tokens, definition.encode(text[cut:]))
				}
			}
		}
	}
}

// TestEncodeLong: however long a word is, Encode takes no more memory beside its result, and no text
// is refused.
func TestEncodeLong(t *testing.T) {
	tokenizer := base(t)
	var memory [2]runtime.MemStats
	for _, part := range []string{"a", " ", "\n ", "thein", "\x80", "'\"", "e\u0301", "1"} {
		text := bytes.Repeat([]byte(part), 1<<20/len(part))
		tokens := make([]int32, 0, len(text))
		runtime.ReadMemStats(&memory[0])
		tokens = tokenizer.Encode(tokens, text)
		runtime.ReadMemStats(&memory[1])
		if n := memory[1].TotalAlloc - memory[0].TotalAlloc; n > 16<<20 {
			t.Errorf("a run of %q: %d bytes are allocated", part, n)
		}
		if spelt := spell(t, tokenizer, tokens); !bytes.Equal(spelt, text) {
			t.Errorf("a run of %q: tokens spell %d bytes of %d", part, len(spelt), len(text))
		}
	}
}

// FuzzEncode: the tokens spell the text, and are those of the definition, and of libllama where that
// is there.
func FuzzEncode(f *testing.F) {
	tokenizer, definition := base(f), newReference(header(f, embedded.Models()[0].GGUF))
	for _, text := range texts(2, 100) {
		f.Add(text)
	}
	f.Add([]byte("\xff'\x80 a\xf4"))
	f.Fuzz(func(t *testing.T, text []byte) {
		tokens := encode(t, tokenizer, text)
		if known(text) {
			same(t, text, tokens, definition.encode(text))
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	tokenizer := base(b)
	all := texts(3, 1<<20)
	for _, name := range []string{"logs", "prose", "classes", "long run", "runes"} {
		text := all[name]
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			var tokens []int32
			for b.Loop() {
				tokens = tokenizer.Encode(tokens[:0], text)
			}
		})
	}
}
