package bwt

import (
	"context"
	"fmt"
)

// detokenizer makes the text of tokens again.
type detokenizer struct {
	*alphabet
	lines
	size        int // of the text in bytes
	words       []byte
	short, long []span // of words, where codes are defined
	wrap        *wrap
	out         []byte
	begin       int  // of the text in out
	start       int  // of the line in out
	last        gap  // the last one between two words, whose second may go on; other: none
	at, column  int  // of that, in out and in its line
	kept        bool // it is a space, though a break was foreseen
}

type span struct{ from, to int32 }

// text appends the text of tokens to out.
func (d *detokenizer) text(ctx context.Context, tokens []byte) error {
	var pending [marks]bool
	any := false
	for i, poll := 0, 0; i < len(tokens); {
		if i >= poll {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			poll = i + pollEvery
		}
		c := tokens[i]
		i++
		switch m := d.meaning[c]; m {
		case literal:
			if any && c == ' ' && i < len(tokens) { // of the word
				d.space(pending[space])
				pending[space] = false
				any = pending != [marks]bool{}
				if !any {
					continue
				}
				c = tokens[i]
				i++
			}
			if d.meaning[c] != literal || any && (pending[space] || pending[joined] || !isLetter(c)) {
				return fmt.Errorf("%w: token %d of %d follows marks of a word", ErrCorrupt, i-1, len(tokens))
			}
			switch {
			case isLetter(c):
				end := i
				for end < len(tokens) && isLetter(tokens[end]) && d.meaning[tokens[end]] == literal {
					end++
				}
				if err := d.spelt(tokens[i-1:end], &pending); err != nil {
					return err
				}
				i = end
			case c == ' ':
				d.space(false)
			case c == '\n':
				d.lineEnd()
			default:
				d.out = append(d.out, c)
			}
			pending, any = [marks]bool{}, false
		case shortCode, leadCode:
			table, n := d.short, int(d.index[c])
			if m == leadCode {
				if i == len(tokens) || d.meaning[tokens[i]] != trailCode {
					return fmt.Errorf("%w: code at token %d of %d has no second byte", ErrCorrupt, i-1, len(tokens))
				}
				table, n = d.long, n*len(d.trail)+int(d.index[tokens[i]])
				i++
			}
			if n >= len(table) || pending[defShort] || pending[defLong] || pending[joined] && pending[space] {
				return fmt.Errorf("%w: code at token %d of %d means nothing", ErrCorrupt, i-1, len(tokens))
			}
			if !pending[joined] {
				d.space(pending[space])
			}
			at := len(d.out)
			d.out = append(d.out, d.words[table[n].from:table[n].to]...)
			enlarge(d.out[at:], &pending)
			pending, any = [marks]bool{}, false
		case trailCode:
			return fmt.Errorf("%w: token %d of %d is the second byte of a code", ErrCorrupt, i-1, len(tokens))
		default:
			if pending[m] {
				return fmt.Errorf("%w: mark at token %d of %d comes twice", ErrCorrupt, i-1, len(tokens))
			}
			pending[m], any = true, true
		}
		if len(d.out)-d.begin > d.size {
			return fmt.Errorf("%w: tokens of more than %d bytes", ErrCorrupt, d.size)
		}
	}
	d.settle()
	if any || len(d.out)-d.begin != d.size {
		return fmt.Errorf("%w: tokens of %d bytes, want %d", ErrCorrupt, len(d.out)-d.begin, d.size)
	}
	return nil
}

// spelt appends a word that is spelt, and defines its code.
func (d *detokenizer) spelt(w []byte, pending *[marks]bool) error {
	at := len(d.out)
	d.out = append(d.out, w...)
	if pending[defShort] || pending[defLong] {
		table, most := &d.short, len(d.alphabet.short)
		if pending[defLong] {
			table, most = &d.long, d.longCodes()
		}
		if len(w) > maxWord || len(*table) == most || pending[defShort] && pending[defLong] {
			return fmt.Errorf("%w: word of %d letters gets code %d of %d", ErrCorrupt, len(w), len(*table), most)
		}
		from := int32(len(d.words))
		d.words = append(d.words, w...)
		*table = append(*table, span{from, int32(len(d.words))})
	}
	enlarge(d.out[at:], pending)
	return nil
}

// enlarge makes letters of a word large.
func enlarge(w []byte, pending *[marks]bool) {
	switch {
	case pending[upper]:
		for i := range w {
			w[i] &^= 0x20
		}
	case pending[capital]:
		w[0] &^= 0x20
	}
}

// space appends a space, which ends a word; kept: it is no break, though one was foreseen.
func (d *detokenizer) space(kept bool) {
	d.settle()
	if d.wrapped && d.behindWord() {
		d.last, d.at, d.column, d.kept = spaceGap, len(d.out), len(d.out)-d.start, kept
	}
	d.out = append(d.out, ' ')
}

// behindWord reports whether the text ends with a word.
func (d *detokenizer) behindWord() bool { return len(d.out) > d.begin && !d.blank(d.out[len(d.out)-1]) }

// lineEnd appends the end of a line.
func (d *detokenizer) lineEnd() {
	spaced := d.last == spaceGap && d.at+1 == len(d.out)
	d.settle()
	switch {
	case !d.wrapped:
	case d.spaced && spaced:
		d.last = breakGap
	case !d.spaced && d.behindWord():
		d.last, d.at, d.column = breakGap, len(d.out), len(d.out)-d.start
	}
	if d.carriage {
		d.out = append(d.out, '\r')
	}
	d.out = append(d.out, '\n')
	d.start = len(d.out)
}

// settle learns from the last gap, now that the word behind it is known, and makes a space a break
// if that was foreseen.
func (d *detokenizer) settle() {
	last, ending := d.last, d.ending()
	if d.last = other; last == other {
		return
	}
	word := d.at + 1
	if last == breakGap {
		word = d.at + len(ending)
	}
	word = len(d.out) - word
	if word == 0 {
		return
	}
	end := d.column + 1 + word
	broken := last == breakGap || d.wrap.breaks(end) && !d.kept
	d.wrap.learn(d.column, end, broken)
	if broken && last == spaceGap {
		d.out = append(d.out, ending[1:]...)
		copy(d.out[len(d.out)-word:], d.out[d.at+1:d.at+1+word])
		d.start = d.at + copy(d.out[d.at:], ending)
	}
}
