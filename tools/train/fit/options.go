//go:build unix

package main

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
)

// options are those of a run; the names in JSON are those of train.py.
type options struct {
	Tokens   float64 `json:"tokens"`
	Minutes  float64 `json:"minutes"`
	Width    int     `json:"width"`
	Layers   int     `json:"layers"`
	Heads    int     `json:"heads"`
	KVHeads  int     `json:"kv_heads"`
	FFN      int     `json:"ffn"`
	Tied     bool    `json:"tied"`
	Phases   string  `json:"phases"`
	MuonRate float64 `json:"muon_lr"`
	AdamRate float64 `json:"adam_lr"`
	Decay    float64 `json:"decay"`
	Stable   float64 `json:"stable"`
	Teacher  string  `json:"teacher"`
	Distill  float64 `json:"distill"`
	Init     string  `json:"init"`
	Seed     uint64  `json:"seed"`
	Threads  int     `json:"threads"`
	Kernel   string  `json:"kernel"`
	LogSteps int     `json:"log_steps"`
	Validate float64 `json:"validate_minutes"`
}

func defaults() options {
	return options{Tokens: 1e12, Minutes: 1e6, Width: 256, Layers: 4, Heads: 4, KVHeads: 1, FFN: 704, Phases: "256x32:0.5,512x16:1",
		MuonRate: 0.02, AdamRate: 0.005, Stable: 0.4, Distill: 0.5, Seed: 1, Threads: 1, LogSteps: 50, Validate: 5}
}

func (o *options) flags(f *flag.FlagSet) {
	f.Float64Var(&o.Tokens, "tokens", o.Tokens, "tokens to train on at most")
	f.Float64Var(&o.Minutes, "minutes", o.Minutes, "minutes to train at most")
	f.IntVar(&o.Width, "width", o.Width, "values per position")
	f.IntVar(&o.Layers, "layers", o.Layers, "blocks")
	f.IntVar(&o.Heads, "heads", o.Heads, "query heads")
	f.IntVar(&o.KVHeads, "kv-heads", o.KVHeads, "key and value heads")
	f.IntVar(&o.FFN, "ffn", o.FFN, "values between the feed-forward matrices")
	f.BoolVar(&o.Tied, "tied", o.Tied, "the output matrix is the embedding")
	f.StringVar(&o.Phases, "phases", o.Phases, "`LENGTHxBATCH:UNTIL,…`; the last UNTIL is 1")
	f.Float64Var(&o.MuonRate, "muon-lr", o.MuonRate, "peak rate of Muon, for the blocks' matrices")
	f.Float64Var(&o.AdamRate, "adam-lr", o.AdamRate, "peak rate of AdamW, for the rest")
	f.Float64Var(&o.Decay, "decay", o.Decay, "weight decay of the blocks' matrices")
	f.Float64Var(&o.Stable, "stable", o.Stable, "share of the run before the rates fall")
	f.StringVar(&o.Teacher, "teacher", o.Teacher, "learn from this GGUF `file` of the same vocabulary, too")
	f.Float64Var(&o.Distill, "distill", o.Distill, "weight of the teacher")
	f.StringVar(&o.Init, "init", o.Init, "start from this GGUF `file`, which also says the shape")
	f.Uint64Var(&o.Seed, "seed", o.Seed, "of the parameters and the windows")
	f.IntVar(&o.Threads, "threads", o.Threads, "threads")
	f.StringVar(&o.Kernel, "kernel", o.Kernel, "amx, avx512, avx2 or portable; empty: the fastest")
	f.IntVar(&o.LogSteps, "log-steps", o.LogSteps, "steps between two entries of the log")
	f.Float64Var(&o.Validate, "validate-minutes", o.Validate, "minutes between two validations")
}

// phase is a part of a run with windows of one length, up to a share of the run.
type phase struct {
	until         float64
	length, batch int
}

// phases reads "256x24:0.5,512x16:1".
func phases(text string) (list []phase, err error) {
	for part := range strings.SplitSeq(text, ",") {
		shape, until, ok := strings.Cut(part, ":")
		length, batch, ok2 := strings.Cut(shape, "x")
		n, err := strconv.Atoi(length)
		b, err2 := strconv.Atoi(batch)
		u, err3 := strconv.ParseFloat(until, 64)
		if !ok || !ok2 || err != nil || err2 != nil || err3 != nil || n <= 0 || b <= 0 {
			return nil, fmt.Errorf("phase %q is not LENGTHxBATCH:UNTIL", part)
		}
		list = append(list, phase{u, n, b})
	}
	if list[len(list)-1].until != 1 {
		return nil, fmt.Errorf("the last phase of %q does not last until 1", text)
	}
	return list, nil
}
