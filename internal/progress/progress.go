// Package progress lets coders say how far they are within a chunk, which may take them many
// seconds, to whom a context names.
package progress

import "context"

type key struct{}

// With gives a context whose coders tell told how many bytes of the chunk at hand they have coded,
// of how many, and how many these were when they told last: the differences add up over chunks that
// are coded at the same time. It is called on their goroutines, often: every thousand bytes or so.
func With(ctx context.Context, told func(before, done, of int)) context.Context {
	return context.WithValue(ctx, key{}, told)
}

// Tell tells whom ctx names, if anybody.
func Tell(ctx context.Context, before, done, of int) {
	if told, ok := ctx.Value(key{}).(func(before, done, of int)); ok {
		told(before, done, of)
	}
}
