package finetune

import (
	"errors"
	"testing"

	"github.com/lmz-go/lmz/internal/fakemodel"
)

func TestCheck(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	window := append([]int32{m.BOS()}, counting(1, 20)...)
	padded := append(window[:11:11], -1, -1, -1)
	r := Result{check: [][]int32{window, padded}}
	for i, w := range r.check {
		nats, n, err := cost(t.Context(), m, w)
		if want := []int{20, 10}[i]; err != nil || n != want || !(nats > 0) {
			t.Fatalf("window %d: %d tokens, want %d, cost %f: %v", i, n, want, nats, err)
		}
		r.nats = append(r.nats, nats/float64(n))
	}
	if err := r.Check(t.Context(), m); err != nil {
		t.Error(err)
	}
	if err := r.Check(t.Context(), fakemodel.New(fakemodel.Options{FailAt: 3})); !errors.Is(err, fakemodel.ErrFail) {
		t.Errorf("got %v", err)
	}
	for i := range r.nats {
		r.nats[i] *= 1.2
	}
	if err := r.Check(t.Context(), m); !errors.Is(err, ErrDiffers) {
		t.Errorf("got %v, want ErrDiffers", err)
	}
}
