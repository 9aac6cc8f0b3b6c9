package coder

// openings is what the model has expected behind tokens: with which bytes the next token begins.
// Behind most tokens that is much the same each time, so that it need not be asked to know it.
type openings [openingPlaces]*opening

// opening is that of one token.
type opening struct {
	token int32
	times int         // that it was learnt, up to openingSlow
	share [256]uint16 // a running mean, in 1/65536; together at most 1
}

const (
	openingPlaces = 4096 // token modulo this; the latest token takes the place
	openingSlow   = 3    // each time counts for 1/2^openingSlow of the mean, the first ones for more
)

// forget makes o that of a new text.
func (o *openings) forget() {
	for _, p := range o {
		if p != nil {
			p.token = -1
		}
	}
}

// of is the opening behind a token, nil if it is not known.
func (o *openings) of(token int32) *opening {
	if p := o[token%openingPlaces]; p != nil && p.token == token {
		return p
	}
	return nil
}

// learn learns from the reading behind a token, which weighs unit.
func (o *openings) learn(token int32, r *reading, first *[257]int) {
	p := o[token%openingPlaces]
	if p == nil {
		p = &opening{token: -1}
		o[token%openingPlaces] = p
	}
	if p.token != token {
		p.token, p.times = token, 0
	}
	for b := range p.share {
		now := int32(min(65535, r.mass(first[b], first[b+1])>>24))
		p.share[b] += uint16((now - int32(p.share[b])) >> p.times) // rounded down, as the sum must not grow
	}
	p.times = min(openingSlow, p.times+1)
}
