//go:build llama && cgo

package llama

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
	"github.com/lmz-go/lmz/lm"
)

// mutantsEnv makes the test binary a child that loads and uses mutants of models: "from:step" are
// the numbers of them.
const mutantsEnv = "LMZ_TEST_MUTANTS"

// mutant is a model file that somebody has changed.
type mutant struct {
	name string
	make func() []byte
}

// mutants are the same list each time.
func mutants() (list []mutant) {
	for _, arch := range []string{"llama", "qwen2", "gemma"} {
		spec := gguftest.Spec{Arch: arch, Type: gguf.Q8_0}
		edit := func(name string, change func(*gguftest.File)) {
			list = append(list, mutant{arch + ", " + name, func() []byte {
				f := gguftest.New(spec)
				change(f)
				return f.Bytes()
			}})
		}
		set := func(key string, value any) {
			edit(fmt.Sprintf("%s = %.40s", key, fmt.Sprint(value)), func(f *gguftest.File) { f.Set(key, value) })
		}
		good := gguftest.New(spec)
		odd := []any{nil, uint32(0), uint32(1), uint32(3), uint32(7), uint32(1 << 16), uint32(1 << 31), uint32(math.MaxUint32), uint64(1 << 63), int32(-1),
			float32(0), float32(-1), float32(math.NaN()), float32(math.Inf(1)), float32(1e30), "", "x", []string{}, []string{"", ""}, []int32{}, []int32{-1, 1 << 30}, []float32{}, true}
		for _, kv := range good.Metadata {
			for _, v := range odd {
				set(kv.Key, v)
			}
		}
		for _, key := range []string{"bos", "eos", "unknown", "seperator", "padding", "eot", "eom", "fim_pre", "mask"} {
			for _, v := range []any{uint32(0), uint32(511), uint32(512), uint32(1 << 31), uint32(math.MaxUint32), int32(-5)} {
				set("tokenizer.ggml."+key+"_token_id", v)
			}
		}
		for _, v := range []string{"llama", "gpt2", "bert", "t5", "rwkv", "plamo2", "no_vocab", "none", "nonsense", strings.Repeat("x", 1<<16)} {
			set("tokenizer.ggml.model", v)
			set("tokenizer.ggml.pre", v)
		}
		for _, v := range []string{"mamba", "bert", "t5", "gpt2", "falcon", "llama4", "gemma3n", "rwkv6", "deepseek2", "qwen2moe", "clip", "granite", "phi3", "bloom", "\x00", "llama\x00"} {
			set("general.architecture", v)
		}
		for _, v := range odd {
			for _, key := range []string{"expert_count", "expert_used_count", "attention.sliding_window", "attention.causal", "pooling_type", "vocab_size",
				"rope.scaling.type", "rope.scaling.factor", "rope.scaling.original_context_length", "attention.clamp_kqv", "attention.max_alibi_bias", "logit_scale",
				"tensor_data_layout", "use_parallel_residual", "leading_dense_block_count", "attention.kv_lora_rank", "nextn_predict_layers", "ssm.conv_kernel"} {
				set(arch+"."+key, v)
			}
			set("tokenizer.ggml.precompiled_charsmap", v)
			set("tokenizer.ggml.remove_extra_whitespaces", v)
			set("tokenizer.ggml.add_space_prefix", v)
			set("tokenizer.chat_template", v)
			set("general.alignment", v)
			set("general.file_type", v)
			set("split.no", v)
		}
		tokens := good.Metadata[keyIndex(good, "tokenizer.ggml.tokens")].Value.([]string)
		for _, c := range []struct {
			name   string
			change func([]string) []string
		}{
			{"twice", func(s []string) []string { s[300] = s[301]; return s }},
			{"all the same", func(s []string) []string { return strings.Split(strings.Repeat("a,", len(s)-1)+"a", ",") }},
			{"all empty", func(s []string) []string { return make([]string, len(s)) }},
			{"one empty", func(s []string) []string { s[300] = ""; return s }},
			{"two empty", func(s []string) []string { s[300], s[301] = "", ""; return s }},
			{"not UTF-8", func(s []string) []string { s[300], s[5] = "\xff\xfe", "\xc3\x28"; return s }},
			{"NUL", func(s []string) []string { s[300], s[301] = "a\x00b", "\x00"; return s }},
			{"long", func(s []string) []string { s[300] = strings.Repeat("ab", 1<<19); return s }},
			{"fewer", func(s []string) []string { return s[:500] }},
			{"one", func(s []string) []string { return s[:1] }},
			{"more", func(s []string) []string { return append(s, "more", "and more") }},
			{"no bytes", func(s []string) []string { return append(make([]string, 0, len(s)), renamed(s, 256, "byte")...) }},
			{"byte names", func(s []string) []string { s[10], s[11] = "<0x00>", "<0xZZ>"; return s }},
			{"only controls", func(s []string) []string { return renamed(s, len(s), "<|") }},
		} {
			edit("tokens "+c.name, func(f *gguftest.File) {
				f.Set("tokenizer.ggml.tokens", c.change(append([]string(nil), tokens...)))
			})
			edit("tokens and types "+c.name, func(f *gguftest.File) {
				s := c.change(append([]string(nil), tokens...))
				types := make([]int32, len(s))
				for i := range types {
					types[i] = int32(i%8) - 1
				}
				f.Set("tokenizer.ggml.tokens", s)
				f.Set("tokenizer.ggml.token_type", types)
				if arch == "gemma" {
					f.Set("tokenizer.ggml.scores", make([]float32, len(s)))
				}
			})
		}
		for _, v := range []int32{-1, 0, 2, 3, 4, 5, 6, 7, 99, 1 << 30} {
			types := make([]int32, len(tokens))
			for i := range types {
				types[i] = v
			}
			edit(fmt.Sprint("every token of type ", v), func(f *gguftest.File) { f.Set("tokenizer.ggml.token_type", types) })
		}
		for _, v := range []float32{float32(math.NaN()), float32(math.Inf(-1)), 0} {
			scores := make([]float32, len(tokens))
			for i := range scores {
				scores[i] = v
			}
			edit(fmt.Sprint("every score ", v), func(f *gguftest.File) { f.Set("tokenizer.ggml.scores", scores) })
		}
		for _, v := range [][]string{{""}, {" "}, {"a"}, {"a b c"}, {"a b", "a b"}, {"zzz yyy"}, {"\xff \xfe"}, {strings.Repeat("a", 1<<16) + " b"}} {
			set("tokenizer.ggml.merges", v)
		}
		for i, t := range good.Tensors {
			if i > 12 && i < len(good.Tensors)-2 {
				continue
			}
			at := func(name string, change func(*gguftest.Tensor)) {
				edit(t.Name+" "+name, func(f *gguftest.File) { change(&f.Tensors[i]) })
			}
			edit(t.Name+" removed", func(f *gguftest.File) { f.Tensors = append(f.Tensors[:i], f.Tensors[i+1:]...) })
			at("renamed", func(t *gguftest.Tensor) { t.Name = "nobody.weight" })
			at("twice", func(x *gguftest.Tensor) { x.Name = good.Tensors[(i+1)%len(good.Tensors)].Name })
			for _, shape := range [][]uint64{{}, {1}, {32}, {128}, {256, 128}, {128, 256}, {128, 1, 1, 1}, {32, 4, 128}, {1 << 40}, {0, 5}, {1 << 32, 1 << 32}} {
				at(fmt.Sprint("of shape ", shape), func(t *gguftest.Tensor) { t.Shape = shape })
			}
			for _, kind := range []gguf.TensorType{0, 1, 2, 3, 4, 5, 6, 8, 10, 14, 15, 16, 24, 26, 28, 30, 39, 40, 41, 99, math.MaxUint32} {
				at(fmt.Sprint("of type ", uint32(kind)), func(t *gguftest.Tensor) { t.Type = kind })
			}
			for _, v := range []byte{0, 0xff, 0x7f, 0x7c} {
				at(fmt.Sprintf("full of %02x", v), func(t *gguftest.Tensor) { t.Data = bytes.Repeat([]byte{v}, len(t.Data)) })
			}
		}
		data := good.Bytes()
		header := len(data) - tensorBytes(good)
		for i := range 600 {
			list = append(list, mutant{fmt.Sprintf("%s, bytes changed, %d", arch, i), func() []byte {
				d, r := bytes.Clone(data), rand.New(rand.NewPCG(uint64(i), 1))
				for range 1 + r.IntN(3) {
					d[r.IntN(header)] = byte(r.Uint32() >> r.IntN(8))
				}
				return d
			}})
		}
		for i := range 60 {
			list = append(list, mutant{fmt.Sprintf("%s, cut off, %d", arch, i), func() []byte { return data[:header*i/50] }})
		}
	}
	return list
}

func keyIndex(f *gguftest.File, key string) int {
	for i, kv := range f.Metadata {
		if kv.Key == key {
			return i
		}
	}
	return -1
}

func tensorBytes(f *gguftest.File) (n int) {
	for _, t := range f.Tensors {
		n += len(t.Data)
	}
	return n
}

func renamed(s []string, n int, prefix string) []string {
	for i := range n {
		s[i] = prefix + strconv.Itoa(i)
	}
	return s
}

// useMutants is the child: it loads mutants and does with them what compressing does, and says
// which one is next.
func useMutants(numbers string) int {
	var from, step int
	if _, err := fmt.Sscanf(numbers, "%d:%d", &from, &step); err != nil {
		return 3
	}
	list := mutants()
	for i := from; i < len(list); i += step {
		fmt.Printf("next %d\n", i)
		if err := useMutant(list[i].make()); err != nil {
			fmt.Printf("refused %d %.200q\n", i, err.Error())
		} else {
			fmt.Printf("used %d\n", i)
		}
	}
	return 0
}

func useMutant(data []byte) error {
	m, err := OpenBytes(context.Background(), data, "")
	if err != nil {
		return err
	}
	defer m.Close()
	if _, err := coder.NewVocabulary(m); err != nil {
		return err
	}
	if _, err := coder.Probe(context.Background(), m); err != nil {
		return err
	}
	if _, err := m.Tokenize([]byte("the stone in Ünïcode \x00\xff 2024-11-24T02:03:29 \t\n <|end|> </s> ▁ 日本")); err != nil {
		return err
	}
	s, err := m.NewSession(2, 64)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Decode(context.Background(), []lm.Feed{{Lane: 0, Tokens: []int32{m.BOS(), 1, 2}}, {Lane: 1, Tokens: []int32{0}}})
}

// TestMutants: no change to a model file crashes or hangs the process that loads and uses it. A
// sample is tried; all of them with LMZ_TORTURE set (make torture).
func TestMutants(t *testing.T) {
	list := mutants()
	step := 29
	if os.Getenv("LMZ_TORTURE") != "" {
		step = 1
	}
	tried, used, crashes := 0, 0, 0
	for from := 0; from < len(list); {
		ctx, cancel := context.WithCancel(t.Context())
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d:%d", mutantsEnv, from, step), "GGML_NO_BACKTRACE=1")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		last, begun := -1, -1
		hung := time.AfterFunc(time.Minute, cancel)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			hung.Reset(time.Minute)
			var kind string
			var n int
			fmt.Sscanf(lines.Text(), "%s %d", &kind, &n)
			switch kind {
			case "next":
				begun = n
			case "used":
				used++
				fallthrough
			case "refused":
				tried++
				last = n
			}
		}
		err = cmd.Wait()
		hung.Stop()
		cancel()
		if err == nil && begun == last {
			break
		}
		if begun < 0 || begun == last {
			t.Fatalf("the child ended with %v behind mutant %d: %s", err, last, tailOf(stderr.Bytes()))
		}
		crashes++
		tried++
		t.Errorf("mutant %d (%s) ends the process: %v: %s", begun, list[begun].name, err, tailOf(stderr.Bytes()))
		from = begun + step
	}
	t.Logf("%d of %d mutants: %d were used, %d refused, %d crashed", tried, len(list), used, tried-used-crashes, crashes)
}

func tailOf(b []byte) string {
	if i := bytes.Index(b, []byte("goroutine ")); i > 0 {
		b = b[:i]
	}
	return string(b[max(0, len(b)-400):])
}
