package salvage

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/stream"
)

// An archive of one chunk of which any one byte is wrong is restored, whatever the byte is of and
// whatever it has become.
func TestLoneChunkIsRestored(t *testing.T) {
	log := logExcerpt(t, 3000)
	prose := modelText(700)
	for name, archive := range map[string][]byte{
		"raw":        compress(t, nil, log, stream.WithMethod(codec.Raw)),
		"zstd":       compress(t, nil, log),
		"bwt":        compress(t, nil, log, stream.WithMethod(codec.BWT)),
		"mix":        compress(t, nil, log, primed(stream.WithChunkSize(1<<20))...),
		"lm":         compress(t, letters, prose),
		"dictionary": compress(t, nil, log[1000:], mix(0, 1<<20, stream.WithDictionary(log[:1000]))...),
		"no line":    compress(t, nil, []byte("x"), stream.WithMethod(codec.Raw)),
	} {
		if frames := framesOf(t, archive); len(frames) != 1 || len(frames[0].Chunks) != 1 {
			t.Fatalf("%s: %d frames, %d chunks", name, len(frames), len(frames[0].Chunks))
		}
		r := rand.New(rand.NewPCG(1, 2))
		step := 23 * thin
		if torture {
			step = 1
		}
		cases := 0
		for at := 0; at < len(archive); at++ {
			if edge := at < 40 || len(archive)-at < 40; !edge && at%step > 0 {
				continue
			}
			damaged := bytes.Clone(archive)
			damaged[at] ^= byte(1 + r.IntN(255))
			x, err := Recover(t.Context(), bytes.NewReader(damaged), int64(len(damaged)),
				Options{Models: models, Dictionaries: stream.DictionarySet(log[:1000]), Reader: one})
			if err != nil {
				t.Fatalf("%s: byte %d of %d: %v", name, at, len(archive), err)
			}
			var out bytes.Buffer
			x.WriteTo(&out)
			if x.Intact() || len(x.Losses) > 0 || x.Undecoded != nil || !bytes.Equal(out.Bytes(), archive) {
				t.Fatalf("%s: byte %d of %d: %+v; differs at %d", name, at, len(archive), x, differsAt(out.Bytes(), archive))
			}
			cases++
		}
		t.Logf("%s: %d cases", name, cases)
	}
}

// So is one of many chunks, unless the byte makes the record look like one from elsewhere in the
// archive.
func TestOneOfManyChunksIsRestored(t *testing.T) {
	log := logExcerpt(t, 9000)
	archive := compress(t, nil, log, primed()...)
	for _, c := range framesOf(t, archive)[0].Chunks[1:] {
		for _, at := range []int64{c.Offset + 1, c.Offset + 3, c.Offset + 8, c.Offset + 40, c.Offset + c.Size - 1} {
			damaged := bytes.Clone(archive)
			damaged[at] ^= 0x41
			if x, out, _ := recovered(t, damaged); len(x.Losses) > 0 || len(x.Repaired) != 1 || !bytes.Equal(out, archive) {
				t.Errorf("byte %d of chunk at %d: %+v", at-c.Offset, c.Offset, x)
			}
		}
	}
	// Two bytes are too many, and nothing else comes out.
	c := framesOf(t, archive)[0].Chunks[1]
	damaged := bytes.Clone(archive)
	damaged[c.Offset+30] ^= 1
	damaged[c.Offset+50] ^= 1
	if x, _, content := recovered(t, damaged); len(x.Losses) != 1 || !bytes.Equal(content, append(bytes.Clone(log[:c.RawOffset]), log[c.RawOffset+c.RawSize:]...)) {
		t.Errorf("two bytes: %+v", x)
	}
}

// The candidates have the right check, differ in one byte, and are not many.
func TestOneByteOff(t *testing.T) {
	payload := make([]byte, 200<<10)
	rand.NewChaCha8([32]byte{3}).Read(payload)
	h := format.RecordHeader{Method: codec.Zstd, Raw: 1 << 20, Lines: 5, CRC32C: 77}
	record := format.AppendChunk(nil, &h, 1<<21, 9, payload)
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		at := r.IntN(len(record))
		damaged := bytes.Clone(record)
		damaged[at] ^= byte(1 + r.IntN(255))
		list := oneByteOff(damaged, 1<<21, 9)
		found := false
		for _, c := range list {
			again := format.AppendChunk(nil, &c.RecordHeader, 1<<21, 9, c.Payload)
			differ := 0
			for i := range again {
				if again[i] != damaged[i] {
					differ++
				}
			}
			if differ != 1 {
				t.Errorf("byte %d: a candidate differs in %d bytes", at, differ)
			}
			found = found || bytes.Equal(again, record)
		}
		if !found || len(list) > 20 {
			t.Errorf("byte %d: %d candidates, the record is among them: %v", at, len(list), found)
		}
	}
	if list := oneByteOff(damagedTwice(record), 1<<21, 9); len(list) > 20 {
		t.Errorf("%d candidates for two wrong bytes", len(list))
	}
}

func damagedTwice(record []byte) []byte {
	d := bytes.Clone(record)
	d[100] ^= 1
	d[5000] ^= 1
	return d
}
