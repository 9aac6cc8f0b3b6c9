package engine

import (
	"testing"

	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/lm"
)

// fixedLanes is a model of a fixed number of lanes.
type fixedLanes struct {
	lm.Model
	n int
}

func (m fixedLanes) Lanes() int { return m.n }

func TestShape(t *testing.T) {
	plain := &Model{Model: fakemodel.New(fakemodel.Options{})}
	gpu, cpu := &Model{Model: fixedLanes{plain, 63}}, &Model{Model: fixedLanes{plain, 0}}
	for _, c := range []struct {
		m     *Model
		mixes bool
		want  Shape
	}{
		{nil, false, Shape{nil, 0, 1}},
		{plain, false, Shape{plain, 512, 8}},
		{cpu, false, Shape{cpu, 512, 8}},
		{gpu, false, Shape{gpu, 512, 63}},
		{plain, true, Shape{plain, 512, 1}},
		{gpu, true, Shape{gpu, 512, 1}},
	} {
		if got := NewShape(c.m, 512, c.mixes, 8); got != c.want {
			t.Errorf("mixes %v: %+v, want %+v", c.mixes, got, c.want)
		}
	}
}
