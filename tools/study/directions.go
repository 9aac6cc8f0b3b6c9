//go:build unix

package main

import (
	"bytes"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/stream"
)

var directionsTable = &table{
	name:  "directions",
	title: "Compression against decompression",
	about: "Both directions of every method and level, each in a process of its own with one worker: CPU seconds, which stand for energy, peak memory, and how much " +
		"more of the CPU one direction takes than the other. The time to load a model or to prepare tables is in it. Dictionary coders decompress fast because only " +
		"the compressor searches; where a model predicts, both directions must do the same work, and no published system escapes that. What was " +
		"compressed is compared after decompression. With a model, `mix` asks it where it pays (its gate), at `-9` wherever it saves anything.",
	seconds: [2]int{12, 350},
	run:     directions,
}

// way is a method, both directions.
type way struct {
	name                 string
	compress, decompress func(in []byte) ([]byte, taken, error)
	command              string
	method               codec.Method // 0: not one of lmz
}

// otherMethods says how many chunks of an archive have other methods than was asked for, since these
// took fewer bytes, or sort prose.
func otherMethods(archive []byte, asked codec.Method) string {
	if asked == 0 {
		return ""
	}
	frames, err := stream.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return err.Error()
	}
	all, count := 0, map[codec.Method]int{}
	for _, f := range frames {
		for _, c := range f.Chunks {
			if all++; c.Method != asked {
				count[c.Method]++
			}
		}
	}
	var list []string
	for _, m := range slices.Sorted(maps.Keys(count)) {
		list = append(list, fmt.Sprintf("%d of %d chunks by %s", count[m], all, m))
	}
	return strings.Join(list, ", ")
}

func directions(s *study) (*report, error) {
	r := &report{}
	ways := s.ways(r)
	classes := s.main()
	s.plan((len(ways) + len(gatePrices(s))) * len(classes))
	for _, class := range classes {
		text := slices.Concat(s.sample(class, s.bytes)...)
		compress, decompress := series{Name: "compress", Dots: true}, series{Name: "decompress", Dots: true}
		for _, w := range ways {
			archive, in, err := w.compress(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			back, out, err := w.decompress(archive)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			if !bytes.Equal(back, text) {
				return nil, fmt.Errorf("%s: %w", w.name, errOtherBytes)
			}
			put := func(measure string, ours float64, unit string) {
				r.add(row{Part: fmt.Sprintf("%s: %s bytes", class, grouped(int64(len(text)))), Name: w.name, Measure: measure, Ours: ours, Unit: unit, Command: w.command,
					Note: otherMethods(archive, w.method)})
			}
			size := 100 * float64(len(archive)) / float64(len(text))
			put("size", size, "%")
			put("compress", in.cpu.Seconds(), "CPU s")
			put("decompress", out.cpu.Seconds(), "CPU s")
			put("compress : decompress", in.cpu.Seconds()/out.cpu.Seconds(), "")
			put("compress", in.clock.Seconds(), "s by the clock")
			put("decompress", out.clock.Seconds(), "s by the clock")
			if in.memory > 0 && out.memory > 0 {
				put("compress", float64(in.memory)/1e6, "MB")
				put("decompress", float64(out.memory)/1e6, "MB")
			}
			megabytes := float64(len(text)) / 1e6
			if in.cpu > 0 && out.cpu > 0 {
				compress.X, compress.Y = append(compress.X, megabytes/in.cpu.Seconds()), append(compress.Y, size)
				decompress.X, decompress.Y = append(decompress.X, megabytes/out.cpu.Seconds()), append(decompress.Y, size)
			}
			s.step("%s, %s", class, w.name)
		}
		r.Figures = append(r.Figures, figure{Title: "Size and speed, " + class, X: "MB per second of a core", Y: "size, %", LogX: true, Series: []series{compress, decompress}})
	}
	return r, s.gateRows(r)
}

// ways lists programs of others, then the methods of lmz.
func (s *study) ways(r *report) (ways []way) {
	for _, p := range []struct{ program, level string }{{"gzip", "-9"}, {"zstd", "-19"}, {"xz", "-9e"}} {
		if _, err := exec.LookPath(p.program); err != nil {
			r.skip(fmt.Sprintf("%s %s: the program is not here (Debian: apt-get install %s)", p.program, p.level, p.program))
			continue
		}
		run := func(args ...string) func([]byte) ([]byte, taken, error) {
			return func(in []byte) ([]byte, taken, error) {
				return timedWithPeak(exec.CommandContext(s.ctx, p.program, args...), in)
			}
		}
		ways = append(ways, way{p.program + " " + p.level, run(p.level, "-c"), run("-dc"), p.program + " " + p.level + " | " + p.program + " -dc", 0})
	}
	add := func(name, flags string, j job) {
		ways = append(ways, way{
			name:     name,
			compress: func(in []byte) ([]byte, taken, error) { return s.runJob(j, in) },
			decompress: func(in []byte) ([]byte, taken, error) {
				return s.runJob(job{Decompress: true}, in)
			},
			command: "lmz -T1 " + flags + " | lmz -T1 -d",
			method:  j.Method,
		})
	}
	levels, levelsWithModel := []int{1, 2, 3, 4, 5, 6, 7, 8, 9}, []int{4, 5, 6, 7, 8, 9}
	if s.quick {
		levels, levelsWithModel = []int{1, 6}, []int{6}
	}
	add("zstd in lmz", "--method zstd", job{Method: codec.Zstd})
	for _, n := range levels {
		add(fmt.Sprintf("mix -%d", n), fmt.Sprintf("-%d --no-model", n), job{Method: codec.Mix, Level: n})
	}
	model := s.models[0].name
	for _, n := range levelsWithModel {
		add(fmt.Sprintf("mix -%d, %s", n, model), fmt.Sprintf("-%d -m %s", n, model), job{Method: codec.Mix, Level: n, Model: model})
	}
	for _, m := range s.models[:2] {
		add("lm, "+m.name, "--method lm -m "+m.name, job{Method: codec.LM, Model: m.name})
	}
	return ways
}
