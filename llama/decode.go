//go:build llama && cgo

package llama

// #include "bridge.h"
import "C"

import (
	"context"
	"fmt"

	"github.com/lmz-go/lmz/lm"
)

// Decode is llama_decode, in rounds of at most 32 tokens per lane and with every lane's last token
// in the last round, whose rows Logits gives. When ctx ends it returns the context's error.
func (s *session) Decode(ctx context.Context, feeds []lm.Feed) error {
	if err := s.ready(); err != nil {
		return err
	}
	s.rows = 0
	if err := s.decode(ctx, feeds); err != nil {
		s.broken = true
		return err
	}
	return nil
}

func (s *session) decode(ctx context.Context, feeds []lm.Feed) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer s.abort.watch(ctx)()
	if err := s.checkFeeds(feeds); err != nil {
		return err
	}
	if len(feeds) == 0 {
		return nil
	}
	forgets := 0
	for _, f := range feeds {
		if f.Pos < s.held[f.Lane] {
			s.forget[forgets], s.forgetFrom[forgets] = int32(f.Lane), int32(f.Pos)
			forgets++
		}
	}
	perRound := max(1, min(s.params.laneTokens, s.params.batch/len(feeds)))
	rounds := 0
	for _, f := range feeds {
		rounds = max(rounds, (len(f.Tokens)+perRound-1)/perRound)
	}
	for left := rounds - 1; left >= 0; left-- {
		var n int
		if s.params.fixed {
			n = s.fillFixed(feeds, left)
			forgets = n
		} else {
			n = s.fill(feeds, perRound, left)
		}
		if err := s.step(ctx, forgets, n); err != nil {
			return err
		}
		forgets = 0
	}
	for _, f := range feeds {
		s.held[f.Lane], s.last[f.Lane] = f.Pos+len(f.Tokens), f.Tokens[len(f.Tokens)-1]
	}
	return nil
}

// fill writes the batch of the round after which left rounds remain, and returns its length.
func (s *session) fill(feeds []lm.Feed, perRound, left int) int {
	n := 0
	s.rows = 0
	for _, f := range feeds {
		end := len(f.Tokens) - left*perRound
		begin := max(0, end-perRound)
		for i := begin; i < end; i++ {
			s.token[n], s.pos[n], s.lane[n], s.want[n] = f.Tokens[i], int32(f.Pos+i), int32(f.Lane), 0
			if s.params.everyRow || i == len(f.Tokens)-1 {
				s.want[n] = 1
				s.rows++
			}
			n++
		}
	}
	return n
}

// step forgets and decodes what has been filled in.
func (s *session) step(ctx context.Context, forgets, tokens int) error {
	switch rc := C.lmz_decode(s.c, C.int32_t(forgets), C.int32_t(tokens)); rc {
	case 0:
		return nil
	case C.LMZ_FORGET:
		return fmt.Errorf("%w: it cannot forget part of a lane", ErrUnsupported)
	case C.LMZ_LOGITS:
		return fmt.Errorf("llama: logits are missing%s", takeReason())
	default:
		if err := ctx.Err(); err != nil {
			return err
		}
		return fmt.Errorf("llama: llama_decode returned %d%s", rc, takeReason())
	}
}

// checkFeeds refuses what would be out of a lane's or the vocabulary's range. Lanes fed twice are
// found by their marks in forgetFrom, which the caller fills in afterwards.
func (s *session) checkFeeds(feeds []lm.Feed) error {
	if len(feeds) > s.params.lanes {
		return fmt.Errorf("llama: %d feeds for %d lanes", len(feeds), s.params.lanes)
	}
	clear(s.forgetFrom)
	for i := range feeds {
		f := &feeds[i]
		switch {
		case f.Lane < 0 || f.Lane >= s.params.lanes:
			return fmt.Errorf("llama: feed of lane %d of %d", f.Lane, s.params.lanes)
		case s.forgetFrom[f.Lane] != 0:
			return fmt.Errorf("llama: lane %d is fed twice", f.Lane)
		case f.Pos < 0 || f.Pos > s.held[f.Lane]:
			return fmt.Errorf("llama: feed at position %d of lane %d, which holds %d tokens", f.Pos, f.Lane, s.held[f.Lane])
		case len(f.Tokens) == 0:
			return fmt.Errorf("llama: feed of lane %d without tokens", f.Lane)
		case len(f.Tokens) > s.params.window-f.Pos:
			return fmt.Errorf("llama: lane %d would hold %d tokens, its window is %d", f.Lane, f.Pos+len(f.Tokens),
				s.params.window)
		}
		s.forgetFrom[f.Lane] = 1
		for _, t := range f.Tokens {
			if t < 0 || int(t) >= s.vocab {
				return fmt.Errorf("llama: token %d of a vocabulary of %d", t, s.vocab)
			}
		}
	}
	return nil
}
