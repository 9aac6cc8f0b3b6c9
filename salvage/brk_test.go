package salvage

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/stream"
)

type brkChunk struct {
	c     stream.Chunk
	frame int
	text  []byte
}

func TestBrkDamage(t *testing.T) {
	secs, _ := strconv.Atoi(os.Getenv("BRK_SECS"))
	if secs == 0 {
		t.Skip()
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("BRK_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	log, _ := os.ReadFile("/work/shared/data/bench/loghub-2k/Linux_2k.log")
	bin, _ := os.ReadFile("/work/shared/data/bench/binary/obj2")
	end := time.Now().Add(time.Duration(secs) * time.Second)
	n := 0
	bad := map[string]int{}
	for ; time.Now().Before(end); n++ {
		r := rand.New(rand.NewPCG(seed+uint64(n), 1))
		var arch, content []byte
		var starts []int
		for range 1 + r.IntN(4) {
			o := []stream.WriterOption{stream.WithWorkers(1), stream.WithLevel(1 + r.IntN(2))}
			m := []codec.Method{codec.Raw, codec.Zstd, codec.Mix, codec.Mix}[r.IntN(4)]
			o = append(o, stream.WithMethod(m), stream.WithChunkSize(200+r.IntN(4000)), stream.WithPrimer([]int{0, 100, 700, 1500}[r.IntN(4)]), stream.WithFilter(r.IntN(2) == 0))
			src := log
			if r.IntN(4) == 0 {
				src = bin
			}
			k := r.IntN(12000)
			at := r.IntN(len(src) - k)
			text := src[at : at+k]
			if r.IntN(15) == 0 { // the only chunk, with parity
				text = make([]byte, 300<<10)
				for i := range text {
					text[i] = byte(r.Uint32())
				}
				o = append(o, stream.WithMethod(codec.Raw), stream.WithChunkSize(1<<20))
			}
			var b bytes.Buffer
			z, err := stream.NewWriter(&b, nil, o...)
			if err != nil {
				t.Fatal(err)
			}
			for rest := text; len(rest) > 0; {
				q := 1 + r.IntN(len(rest))
				z.Write(rest[:q])
				rest = rest[q:]
				if r.IntN(4) == 0 {
					z.Flush()
				}
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			starts = append(starts, len(arch))
			arch = append(arch, b.Bytes()...)
			content = append(content, text...)
			if r.IntN(4) == 0 {
				arch = append(arch, make([]byte, r.IntN(600))...)
			}
		}
		frames, err := stream.ReadIndex(bytes.NewReader(arch), int64(len(arch)))
		if err != nil {
			t.Fatal(err)
		}
		var chunks []brkChunk
		for i, f := range frames {
			for _, c := range f.Chunks {
				chunks = append(chunks, brkChunk{c, i, content[c.RawOffset : c.RawOffset+c.RawSize]})
			}
		}
		d := bytes.Clone(arch)
		overwriteOnly, what := true, ""
		ops := 1 + r.IntN(3)
		moves := false
		for range ops {
			if len(d) == 0 {
				break
			}
			at := r.IntN(len(d))
			if r.IntN(3) == 0 { // at a place of interest
				f := frames[r.IntN(len(frames))]
				at = min(len(d)-1, int(f.Offset)+r.IntN(30))
				if r.IntN(2) == 0 {
					at = max(0, min(len(d)-1, int(f.Offset+f.Size)-r.IntN(30)))
				}
			}
			k := 1 + r.IntN(40)
			if r.IntN(3) == 0 {
				k = 1 + r.IntN(3000)
			}
			k = min(k, len(d)-at)
			op := r.IntN(10)
			what += fmt.Sprintf(" op%d@%d+%d", op, at, k)
			switch op {
			case 0, 1, 2:
				d[at] ^= 1 << r.IntN(8)
			case 3:
				for i := range k {
					d[at+i] = byte(r.Uint32())
				}
			case 4:
				clear(d[at : at+k])
			case 5:
				d = d[:at]
				overwriteOnly = false
			case 6:
				d = append(d[:at:at], d[at+k:]...)
				overwriteOnly = false
			case 7:
				ins := make([]byte, k)
				if r.IntN(2) == 0 {
					for i := range ins {
						ins[i] = byte(r.Uint32())
					}
				}
				d = append(append(d[:at:at], ins...), d[at:]...)
				overwriteOnly = false
			case 8:
				d = append(d[:at+k:at+k], d[at:]...)
				overwriteOnly, moves = false, true
			case 9: // another place's bytes
				from := r.IntN(len(d) - k + 1)
				copy(d[at:at+k], bytes.Clone(d[from:from+k]))
				moves = true
			}
		}
		ctxt := fmt.Sprintf("seed %d frames %d chunks %d archive %d:%s", seed+uint64(n), len(frames), len(chunks), len(arch), what)
		same := bytes.Equal(d, arch)
		fail := func(kind string, a ...any) {
			bad[kind]++
			if bad[kind] <= 4 {
				t.Error(append([]any{kind, ctxt}, a...)...)
				os.WriteFile(fmt.Sprintf("/tmp/brk/bad-%s-%d.lmz", kind, bad[kind]), d, 0o644)
				os.WriteFile(fmt.Sprintf("/tmp/brk/bad-%s-%d.orig.lmz", kind, bad[kind]), arch, 0o644)
			}
		}
		// pieces takes chunks out of got in order
		pieces := func(got []byte) (missing []int, rest int) {
			for i, c := range chunks {
				if after, ok := bytes.CutPrefix(got, c.text); ok {
					got = after
				} else {
					missing = append(missing, i)
				}
			}
			return missing, len(got)
		}
		var got []byte
		z, rerr := stream.NewReader(bytes.NewReader(d), nil, stream.WithWorkers(1+r.IntN(2)))
		if rerr == nil {
			got, rerr = io.ReadAll(z)
			z.Close()
		}
		if overwriteOnly && !moves && !bytes.HasPrefix(content, got) {
			if _, rest := pieces(got); rest > 0 {
				fail("reader-wrong", len(got), rerr)
			} else {
				fail("reader-gap", len(got), rerr)
			}
		}
		if _, rest := pieces(got); rest > 0 && !moves {
			fail("reader-alien", rest, rerr)
		}
		if rerr == nil && overwriteOnly && !bytes.Equal(got, content) {
			fail("reader-nil", len(got), len(content))
		}
		verr := Verify(context.Background(), bytes.NewReader(d), int64(len(d)), Options{})
		if verr == nil && rerr != nil {
			fail("verify-nil-reader-err", rerr)
		}
		if verr == nil && !same && !bytes.Equal(got, content) && !moves {
			fail("verify-nil", len(got), len(content))
		}
		if a, err := stream.Open(bytes.NewReader(d), int64(len(d)), nil); err == nil {
			var b bytes.Buffer
			_, err := a.WriteTo(&b)
			if err == nil && overwriteOnly && !bytes.Equal(b.Bytes(), content) {
				fail("archive-nil", b.Len(), len(content))
			}
			if overwriteOnly && !moves && !bytes.HasPrefix(content, b.Bytes()) {
				if _, rest := pieces(b.Bytes()); rest > 0 {
					fail("archive-wrong", b.Len(), err)
				}
			}
			if err == nil && rerr != nil {
				fail("archive-nil-reader-err", b.Len(), rerr)
			}
			a.Close()
		}
		var text bytes.Buffer
		x, xerr := Recover(context.Background(), bytes.NewReader(d), int64(len(d)), Options{Text: &text})
		if xerr != nil {
			if len(frames) > 0 && len(d) == len(arch) && ops == 1 {
				fail("recover-err", xerr)
			}
			continue
		}
		var ra bytes.Buffer
		if _, err := io.Copy(&ra, io.NewSectionReader(x, 0, x.Size())); err != nil {
			fail("recovered-read", err)
		}
		var rt []byte
		if ra.Len() > 0 {
			z, err := stream.NewReader(&ra, nil)
			if err == nil {
				rt, err = io.ReadAll(z)
				z.Close()
			}
			if err != nil {
				fail("recovered-undecodable", err)
			}
		}
		if !bytes.Equal(rt, text.Bytes()) {
			fail("text-differs", len(rt), text.Len())
		}
		missing, rest := pieces(rt)
		if rest > 0 && !moves {
			fail("recover-alien", rest)
		}
		clean := len(x.Losses) == 0 && x.Open == 0 && x.Undecoded == nil
		atEnd := false
		for _, f := range frames { // known: an index and the next header
			e := f.Offset + f.Size
			if int(e) < len(d) && !bytes.Equal(d[e:min(len(d), int(e)+40)], arch[e:min(len(arch), int(e)+40)]) {
				atEnd = true
			}
		}
		if clean && !moves && !atEnd && len(missing) > 0 && len(d) >= len(arch) {
			fail("recover-claims", missing, x.Summary(), x.Repaired)
		}
		if x.Intact() && verr != nil || !x.Intact() && verr == nil {
			fail("intact-vs-verify", x.Intact(), verr)
		}
		if len(rt) < len(got) && !moves {
			fail("recover-less-than-reader", len(rt), len(got), rerr, x.Losses)
		}
		if overwriteOnly {
			hurtFrame := map[int]bool{}
			hurt := map[int]bool{}
			for i, f := range frames {
				h := int(f.Offset)
				e := h + 60
				if len(f.Chunks) > 0 {
					e = int(f.Chunks[0].Offset)
				}
				if e > len(d) || !bytes.Equal(d[h:e], arch[h:e]) {
					hurtFrame[i] = true
				}
			}
			for i, c := range chunks {
				o, e := c.c.Offset, c.c.Offset+c.c.Size
				if !bytes.Equal(d[o:e], arch[o:e]) {
					hurt[i] = true
					if i == 0 || chunks[i-1].frame != c.frame {
						hurtFrame[c.frame] = hurtFrame[c.frame] || true
					}
				}
			}
			for _, i := range missing {
				if !hurt[i] && !(hurtFrame[chunks[i].frame]) {
					kind := "lost-intact"
					if moves {
						kind = "lost-intact-moves"
					}
					fail(kind, "chunk", i, "frame", chunks[i].frame, "missing", missing, "hurt", hurt, x.Losses)
					break
				}
			}
			// losses known must add up
			var sum, want int64
			known := true
			for _, l := range x.Losses {
				if l.RawSize < 0 {
					known = false
				}
				sum += l.RawSize
			}
			for _, i := range missing {
				want += chunks[i].c.RawSize
			}
			if known && x.Open == 0 && sum != want && !moves && !atEnd {
				fail("losses-sum", sum, want, x.Losses)
			}
		}
	}
	t.Log(n, "rounds", seed, bad)
}
