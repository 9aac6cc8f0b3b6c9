package mix

// Snapshot is the state that coding the last chunk has left, the same as Prime of that chunk gives from the same start.
func (c *Coder) Snapshot() *Primed {
	m := newModel(c.model.level)
	m.copyFrom(c.model)
	return &Primed{m}
}

// StartFrom makes p, of the coder's own level, the start of every later chunk; nil: nothing.
func (c *Coder) StartFrom(p *Primed) {
	if p != c.primed {
		c.primed, c.fresh = p, false
	}
}
