package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// taught are the sources of the pool that pieces are chosen by and weights are learnt from. What is
// reported in docs/CODEC.md is measured on others: of the pool logs/elastic-cowrie-cef,
// logs/invictus-cloudtrail, logs/mlperf-hpc-v1.0, logs/nezha-k8s-logs, logs/pgbadger-postgres,
// logs/suricata-eve, logs/ubuntu-irc, structured/fivethirtyeight, structured/nezha-metrics-traces,
// code/lnav, code/ollama, code/mtools, code/pgbadger, code/training_results_v0.6, text/zeek-docs
// and every fourth novel.
var taught = []string{
	"code/hub", "code/plaso", "code/spark-rapids-tools", "code/syzkaller", "code/zeek",
	"logs/crowdsec-hub", "logs/elastic-examples", "logs/gctoolkit-jvm-gc", "logs/lnav-testlogs", "logs/mlperf-training-v0.6",
	"logs/mtools-mongod", "logs/otrf-windows-events", "logs/otrf-zeek", "logs/plaso-forensic", "logs/spark-eventlogs",
	"logs/syzkaller-kernel-crash", "logs/zeek-btest",
	"structured/bsdhw-tables", "structured/elastic-csv", "structured/spark-rapids-json",
	"text/docs-hub", "text/docs-lnav", "text/docs-plaso", "text/docs-syzkaller", "text/english-novels", "text/us-speeches",
}

const (
	lessonSize  = 24 << 10 // of a text that is learnt from, at most
	shortest    = 300      // bytes of a file worth it
	sourceSize  = 200_000  // of a source
	logSize     = 500_000  // of a source of logs
	novelSize   = 1_500_000
	heldNovels  = 4 // one novel in this many is left for measuring
	lessonsSeed = 5
)

// taughtTexts are the beginnings of files of each source, of novels what is within them.
func taughtTexts(pool string) (map[string][][]byte, error) {
	r := rand.New(rand.NewPCG(lessonsSeed, 7))
	of := map[string][][]byte{}
	for _, source := range taught {
		files, err := filesOf(filepath.Join(pool, source))
		if err != nil {
			return nil, err
		}
		most := sourceSize
		switch {
		case strings.HasPrefix(source, "logs/"):
			most = logSize
		case source == "text/english-novels":
			most = novelSize
			novels := files[:0:0]
			for i, f := range files {
				if i%heldNovels != 0 {
					novels = append(novels, f)
				}
			}
			files = novels
		}
		r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		for _, f := range files {
			text, err := beginning(f, source == "text/english-novels")
			if err != nil {
				return nil, err
			}
			of[source] = append(of[source], text)
			if most -= len(text); most <= 0 {
				break
			}
		}
	}
	return of, nil
}

func filesOf(folder string) (files []string, err error) {
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err != nil || info.Size() <= shortest {
			return err
		}
		files = append(files, path)
		return nil
	})
	return files, err
}

func beginning(path string, within bool) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if within {
		if _, err := f.Seek(lessonSize, io.SeekStart); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(io.LimitReader(f, lessonSize))
}

// lessons are the texts in the order in which they are learnt from: mixed.
func lessons(pool string) (texts [][]byte, err error) {
	of, err := taughtTexts(pool)
	if err != nil {
		return nil, err
	}
	for _, source := range taught {
		texts = append(texts, of[source]...)
	}
	r := rand.New(rand.NewPCG(lessonsSeed, 8))
	r.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	return texts, nil
}

// size is how much text is chosen, in bytes.
const size = 264 << 10

// chooseAll puts the best pieces of the samples together that are no copies of the pool's text, the
// best ones last, and says how many there were.
func chooseAll(pool string, samples [][]byte) ([]byte, error) {
	var pieces [][]byte
	for _, s := range samples {
		pieces = append(pieces, cut(s)...)
	}
	all, err := filesOf(pool)
	if err != nil {
		return nil, err
	}
	copies, err := copiesIn(all, pieces)
	if err != nil {
		return nil, err
	}
	var own [][]byte
	for i, p := range pieces {
		if !copies[i] {
			own = append(own, p)
		}
	}
	of, err := taughtTexts(pool)
	if err != nil {
		return nil, err
	}
	chosen := choose(own, of, size)
	slices.Reverse(chosen)
	for { // pieces side by side may repeat what none of them does
		var threes [][]byte
		for i := range chosen {
			threes = append(threes, bytes.Join(chosen[i:min(i+3, len(chosen))], nil))
		}
		between, err := copiesIn(all, threes)
		if err != nil {
			return nil, err
		}
		if len(between) == 0 {
			break
		}
		kept := chosen[:0:0]
		for i, p := range chosen {
			if i == 0 || !between[i-1] {
				kept = append(kept, p)
			}
		}
		chosen = kept
	}
	text := bytes.Join(chosen, nil)
	fmt.Printf("%d pieces, of which %d repeat %d bytes of the pool or more and are dropped; %d chosen, %d bytes\n",
		len(pieces), len(copies), longestCopy+1, len(chosen), len(text))
	return text, nil
}

// copiesIn says which of the texts repeat too much of the files.
func copiesIn(files []string, texts [][]byte) (map[int]bool, error) {
	c := newCopied(texts)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		c.scan(text)
	}
	return c.found, nil
}

const (
	pieceSize = 300 // bytes after which a piece ends at a space
	lineSize  = 60  // bytes after which it ends with the line
	leastSize = 20
)

// cut cuts a text into pieces of whole lines, and long lines at spaces.
func cut(text []byte) (pieces [][]byte) {
	start := 0
	for i, c := range text {
		if c == '\n' && i-start > lineSize || c == ' ' && i-start >= pieceSize {
			pieces = append(pieces, append(bytes.Clone(text[start:i]), '\n'))
			start = i + 1
		}
	}
	if len(text)-start > leastSize {
		pieces = append(pieces, append(bytes.Clone(text[start:]), '\n'))
	}
	return pieces
}
