//go:build !race

package main

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/stream"
)

// The parts of an archive, by docs/FORMAT.md, with any numbers in them.

func sum(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(nil, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

func numbers(list ...uint64) (b []byte) {
	for _, n := range list {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

func fieldOf(kind uint64, value []byte) []byte {
	return append(numbers(kind, uint64(len(value))), value...)
}

func frameHeader(fields ...[]byte) []byte {
	all := slices.Concat(fields...)
	b := slices.Concat([]byte("\xbclmz\x01"), numbers(uint64(len(all)+11)), all)
	return append(b, sum(b)...)
}

// record is a chunk with a check that is right.
func record(method codec.Method, primed bool, number uint32, less, payloadSize, lines uint64, payload []byte) []byte {
	tag := byte(0x80) | byte(method)
	if primed {
		tag |= 0x10
	}
	b := slices.Concat([]byte{tag}, numbers(less, payloadSize, lines), []byte{1, 2, 3, 4})
	check := crc32.Update(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)), crc32.MakeTable(crc32.Castagnoli), payload) + number
	return slices.Concat(b, []byte{byte(check), byte(check >> 8), byte(check >> 16)}, payload)
}

func indexOf(body ...uint64) []byte {
	n := numbers(body...)
	b := slices.Concat([]byte{0xc1}, numbers(uint64(len(n))), n)
	b = append(b, sum(b)...)
	return slices.Concat(b, binary.LittleEndian.AppendUint32(nil, uint32(len(b))), []byte("zml\xbc"))
}

// TestHostileMemory: no archive makes any command take more memory than it may, whatever it claims.
// The race detector multiplies memory, so these tests are not built with it.
func TestHostileMemory(t *testing.T) {
	const most = 1 << 30 // chunk size
	size := func(n uint64) []byte { return fieldOf(1, numbers(n)) }
	level := func(n byte) []byte { return fieldOf(9, []byte{n}) }
	primer := fieldOf(7, []byte{1})
	chunks := func(method codec.Method, count, n int) []byte {
		return archivetest.Compress(t, nil, make([]byte, count*n), stream.WithMethod(method), stream.WithChunkSize(n))
	}
	zeros := func(method codec.Method, n int) []byte { return chunks(method, 1, n) }
	var levels, claims []byte
	for range 3 {
		for _, l := range []byte{9, 8, 9, 7} {
			levels = slices.Concat(levels, frameHeader(size(64<<20), primer, level(l)), record(codec.Mix, false, 0, 0, 1, 0, []byte{0}))
		}
	}
	header := frameHeader(size(most))
	claims = slices.Concat(header, indexOf(uint64(len(header)), 1<<40, 1<<60, 1<<59))
	model := fieldOf(3, append(make([]byte, 40), "fake"...))
	cases := map[string][]byte{
		"2^60 bytes in 2^40 chunks":     claims,
		"2^62 groups":                   slices.Concat(header, indexOf(uint64(len(header)), 1<<62, 1<<62, 0, 1, 1, 1)),
		"payload of 2^30":               slices.Concat(header, record(codec.Raw, false, 0, 0, most, 0, []byte("few"))),
		"payload of 2^60":               slices.Concat(header, record(codec.Raw, false, 0, 0, 1<<60, 0, []byte("few"))),
		"raw size of 2^30, zstd":        slices.Concat(header, record(codec.Zstd, false, 0, 0, 3, 0, []byte("few"))),
		"raw size of 2^28, zstd":        slices.Concat(header, record(codec.Zstd, false, 0, most-1<<28, 3, 0, []byte("few"))),
		"raw size of 2^28, mix":         slices.Concat(frameHeader(size(most), level(1)), record(codec.Mix, false, 0, most-1<<28, 3, 0, []byte("few"))),
		"raw size of 2^28, bwt":         slices.Concat(frameHeader(size(most), level(1)), record(codec.BWT, false, 0, most-1<<28, 3, 0, []byte{0, 1, 2})),
		"tokens of 2^28, bwt":           slices.Concat(frameHeader(size(most), level(1)), record(codec.BWT, false, 0, most-1<<28, 9, 0, []byte("\x01\xff\xff\xff\x7ffew!"))),
		"raw size of 2^28, primed":      slices.Concat(frameHeader(size(most), primer, level(1)), record(codec.Mix, false, 0, most-1<<28, 3, 0, []byte("few")), record(codec.Mix, true, 1, 0, 1, 0, []byte{0})),
		"level 9":                       slices.Concat(frameHeader(size(1<<20), level(9)), record(codec.Mix, false, 0, 0, 1, 0, []byte{0})),
		"levels by turns":               levels,
		"header of 2^16 bytes":          slices.Concat([]byte("\xbclmz\x01"), numbers(1<<16)),
		"header of 2^60 bytes":          slices.Concat([]byte("\xbclmz\x01"), numbers(1<<60)),
		"extension of 2^60 bytes":       slices.Concat(header, []byte{0xa0}, numbers(0, 0, 0, 1<<60)),
		"auxiliary record of 2^60":      slices.Concat(header, []byte{0xc2}, numbers(2, 1<<60)),
		"index of 2^31 bytes":           slices.Concat(header, []byte{0xc1}, numbers(1<<31)),
		"footer of an index of 2^32":    slices.Concat(header, []byte("\xff\xff\xff\xffzml\xbc")),
		"window of 2^31 tokens":         frameHeader(size(100), model, fieldOf(5, numbers(0, 1<<31, 0, 0))),
		"window of 2^20 tokens":         frameHeader(size(100), model, fieldOf(5, numbers(0, 1<<20, 0, 0))),
		"zeros, zstd, 2^27":             zeros(codec.Zstd, 1<<27),
		"zeros, zstd, 2^24":             zeros(codec.Zstd, 1<<24),
		"zeros, zstd, 4 of 28 MiB":      chunks(codec.Zstd, 4, 28<<20),
		"zeros, mix, 2^22":              zeros(codec.Mix, 1<<22),
		"zeros, bwt, 2^24":              zeros(codec.BWT, 1<<24),
		"parity, or what looks like it": slices.Concat(frameHeader(size(most), primer, level(1)), []byte{0x83}, bytes.Repeat([]byte{0xc2, 2, 0xff, 0x7f}, 1<<18)),
	}
	dir := t.TempDir()
	peak := func(args ...string) (int64, error) {
		cmd := lmzIn(dir, args...)
		bytes := measured(t, cmd)
		err := cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != 0 && code != 1 {
			t.Errorf("%q: %v", args, err)
		}
		return bytes(), err
	}
	name := filepath.Join(dir, "x.lmz")
	// The program itself, and what is no longer used and not collected yet.
	const limit, overhead = 64 << 20, 64 << 20
	// Without --memlimit the tables come on top: of level 9, for a worker, and for what its chunks
	// start from.
	byDefault := int64(1<<30) + 4*preset.Level(9).Memory
	var worst, worstLimited int64
	for what, archive := range cases {
		if err := os.WriteFile(name, archive, 0o666); err != nil {
			t.Fatal(err)
		}
		commands := [][]string{{"-T2", "-dc"}, {"repair", "-o", os.DevNull}, {"cat"}, {"-T1", "-dc"}, {"-T2", "-t"}, {"-l"}}
		if !torture {
			commands = commands[:3]
		}
		for _, args := range commands {
			if torture || args[0] == "-T2" && len(archive) > 200 {
				got, _ := peak(append(args, name)...)
				if worst = max(worst, got); got > byDefault {
					t.Errorf("%s, %q: %d MiB, may be %d", what, args, got>>20, byDefault>>20)
				}
			}
			if args[0] == "-l" {
				continue
			}
			got, err := peak(append(args, "--memlimit", "64MiB", name)...)
			if worstLimited = max(worstLimited, got); got > limit+overhead {
				t.Errorf("%s, %q, limit of 64 MiB: %d MiB, %v", what, args, got>>20, err)
			}
		}
	}
	t.Logf("%d archives: at most %d MiB; with a limit of 64 MiB, at most %d MiB", len(cases), worst>>20, worstLimited>>20)
}
