package mix

import (
	"context"
	"embed"
	"math"
	"slices"
	"sync"
)

// learntArchives hold the weights that models start with, a file for each pupil, compressed by
// zstd. They were learnt from beginnings of many texts (Learn), so that a model knows at once which
// of its inputs to believe. scripts/prior makes them. They are part of the format.
//
//go:embed learnt/*.zst
var learntArchives embed.FS

// learnt are the weights of a pupil.
var learnt = func() func(pupil int) []int16 {
	var of [len(pupils)]func() []int16
	for i, name := range pupilNames {
		of[i] = sync.OnceValue(func() []int16 {
			archive, err := learntArchives.ReadFile("learnt/" + name + ".zst")
			if err != nil {
				panic(err)
			}
			return split16(unpack(archive))
		})
	}
	return func(pupil int) []int16 { return of[pupil]() }
}()

// rowwise are the sets of which each row is stored; the rows of others all start as their mean.
var rowwise = [...]set{setMatch, setOrder0, setTemplate, setVotes}

// pupils are the kinds of model that have weights of their own; others of the same inputs share
// theirs.
var (
	pupils     = [...]kind{{number: 1}, {number: 2}, {number: 3}, {number: 4}, {number: 5}, {number: 7}, {number: 8}, {number: 6, prose: true}}
	pupilNames = [len(pupils)]string{"1", "2", "3", "4", "5-6", "7", "8-9", "5-9-prose"}
)

// pupil is the index in pupils of a kind's weights.
func (k kind) pupil() int {
	switch {
	case k.number == tiny:
		k = kind{number: 3} // tinyLevel is made of the same
	case k.number == 0:
		k = kind{number: 1} // of which it takes those of the guesses
	case k.prose:
		k.number = 6
	case k.number == 6:
		k.number = 5
	case k.number == 9:
		k.number = 8
	}
	return slices.Index(pupils[:], kind{number: k.number, prose: k.prose})
}

// learntSize is how many numbers the weights of a level are.
func (l *level) learntSize() int {
	rows := 0
	for _, s := range l.sets {
		rows += s.learntRows()
	}
	return rows*l.inputs() + finalRows*16 + guessSize
}

func (s set) learntRows() int {
	if slices.Contains(rowwise[:], s) {
		return s.size()
	}
	return 1
}

// split16 gives the numbers of data: first are their lower bytes, then the higher ones.
func split16(data []byte) []int16 {
	v := make([]int16, len(data)/2)
	for i := range v {
		v[i] = int16(uint16(data[i]) | uint16(data[len(v)+i])<<8)
	}
	return v
}

func join16(v []int16) []byte {
	data := make([]byte, 2*len(v))
	for i, n := range v {
		data[i], data[len(v)+i] = byte(n), byte(uint16(n)>>8)
	}
	return data
}

// setWeights gives the mixers the weights v.
func (m *model) setWeights(v []int16) {
	next := func(n int) (part []int16) {
		part, v = v[:n], v[n:]
		return part
	}
	t, n := &m.tables, len(m.x)
	if m.direct() {
		next(len(v) - guessSize)
		m.startDirectWeights()
	} else {
		at := 0
		for _, s := range m.sets {
			size := s.size() * n / blockSize
			fill(t.weights[at:at+size], blocks(next(s.learntRows()*n))...)
			at += size
		}
		copy(t.finalWeights, blocks(next(finalRows*blockSize)))
	}
	for i, g := range []*guessTables{&t.guesses, &t.stretches} {
		copy(g.hi, next(guessSets*16))
		for input, p := range next([...]int{guessInputs, stretchInputs}[i]) {
			fill(g.probs[input<<m.guessBits:][:1<<m.guessBits], uint32(uint16(p))<<16)
		}
	}
}

// guessSize is how many of the numbers are of guesses; they are the last.
const guessSize = 2*guessSets*16 + guessInputs + stretchInputs

// firstWeights are what a model has that has learnt nothing.
func (l *level) firstWeights() []int16 {
	v := make([]int16, l.learntSize())
	tail := v[len(v)-finalRows*16-guessSize:]
	fill(v[:len(v)-len(tail)], weightOne*3/100)
	var row [16]int16
	for i := range l.sets {
		row[i] = int16(weightOne / len(l.sets))
	}
	fill(tail[:finalRows*16], row[:]...)
	tail = tail[finalRows*16:]
	for _, inputs := range [...]int{guessInputs, stretchInputs} {
		row = [16]int16{}
		for i := range inputs {
			row[i] = int16(weightOne * 2 / inputs)
		}
		fill(tail[:guessSets*16], row[:]...)
		tail = tail[guessSets*16:]
		probability := 60000
		fill(tail[:inputs], int16(probability))
		tail = tail[inputs:]
	}
	return v
}

// Learn makes the files that learntArchives hold, not compressed, by their names without suffix,
// from texts, each of which begins as a chunk does. It returns the cause of ctx's end.
func Learn(ctx context.Context, texts [][]byte) (map[string][]byte, error) {
	files := map[string][]byte{}
	for i, k := range pupils {
		v, err := k.learn(ctx, texts)
		if err != nil {
			return nil, err
		}
		files[pupilNames[i]] = join16(v)
	}
	return files, nil
}

// learn is the weights of one pupil. Each text begins with those that the one before it has left.
func (k kind) learn(ctx context.Context, texts [][]byte) ([]int16, error) {
	var m, before model
	first := k.spec()
	kept := false
	for _, text := range texts {
		if k.number >= firstProseLevel && lettersOf(ctx, text).prose() != k.prose {
			continue
		}
		k.bits = learnBits
		if err := m.reset(ctx, k); err != nil {
			return nil, err
		}
		if kept {
			m.copyWeights(&before)
			m.cursor.rate = lessonRate
		} else {
			m.setWeights(first.firstWeights())
		}
		if err := m.learn(ctx, text[:min(len(text), 1<<learnBits)]); err != nil {
			return nil, err
		}
		before.shape(k, false)
		before.copyWeights(&m)
		kept = true
	}
	return m.meanWeights(), nil
}

// lessonRate is that of the weights while they are learnt.
const lessonRate = 6000

// learnBits is how much of each text is learnt from, log2, in bytes.
const learnBits = 15

func (m *model) copyWeights(o *model) {
	t, u := &m.tables, &o.tables
	copy(t.weights, u.weights)
	copy(t.finalWeights, u.finalWeights)
	t.guesses.copyFrom(&u.guesses)
	t.stretches.copyFrom(&u.stretches)
}

// meanWeights are the weights as they are stored: rows that were not used are the mean of those
// that were, and all are rounded, as finer ones say nothing more.
func (m *model) meanWeights() (v []int16) {
	t, n := &m.tables, len(m.x)
	first := m.level.firstWeights()
	at := 0
	for _, s := range m.sets {
		size := s.size() * n / blockSize
		rows := upperHalves(t.weights[at : at+size])
		at += size
		mean := meanRow(rows, first[:n], n)
		if s.learntRows() == 1 {
			v = append(v, mean...)
		} else {
			v = append(v, coarse(rows, first[:n], mean, 64)...)
		}
	}
	tail := first[len(v):]
	final := upperHalves(t.finalWeights)
	v = append(v, coarse(final, tail[:16], meanRow(final, tail[:16], 16), 16)...)
	tail = tail[finalRows*16:]
	for i, g := range []*guessTables{&t.guesses, &t.stretches} {
		v = append(v, coarse(g.hi, tail[:16], meanRow(g.hi, tail[:16], 16), 16)...)
		inputs := [...]int{guessInputs, stretchInputs}[i]
		tail = tail[guessSets*16+inputs:]
		for input := range inputs {
			sum, used := uint64(0), uint64(0)
			for _, e := range g.probs[input<<m.guessBits:][:1<<m.guessBits] {
				if e&1023 > 0 {
					sum += uint64(e >> 16)
					used++
				}
			}
			v = append(v, int16(uint16(sum/max(1, used))))
		}
	}
	return v
}

// meanRow is the mean of the rows of n weights that are not first.
func meanRow(rows, first []int16, n int) []int16 {
	sum, used := make([]int, n), 0
	for row := range slices.Chunk(rows, n) {
		if slices.Equal(row, first) {
			continue
		}
		used++
		for i, w := range row {
			sum[i] += int(w)
		}
	}
	if used == 0 {
		return first
	}
	mean := make([]int16, n)
	for i := range mean {
		mean[i] = int16(sum[i] / used)
	}
	return mean
}

// coarse is the rows, of which those that are first become mean, in steps of a unit from the mean.
// A weight at its limit, as of a bit that never surprises, stays there.
func coarse(rows, first, mean []int16, unit int) (v []int16) {
	for row := range slices.Chunk(rows, len(mean)) {
		if slices.Equal(row, first) {
			row = mean
		}
		for i, w := range row {
			d := int(w) - int(mean[i])
			d = (d+unit/2+unit*1024)/unit*unit - unit*1024
			v = append(v, int16(max(math.MinInt16, min(math.MaxInt16, int(mean[i])+d))))
		}
	}
	return v
}
