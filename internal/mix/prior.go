package mix

import (
	"context"
	_ "embed"
	"sync"
)

// prior is a text that the model has read before anything else, so that its weights, maps and line
// parser do not start from nothing: invented lines in the styles of common logs, and a little
// prose, source and markup. It is part of the format.
//
//go:embed prior.txt
var prior []byte

// shortPrior is that of tinyLevel: a few lines of each style.
var shortPrior = prior[len(prior)-2718:]

// priors are models that have read the prior, for kinds that were asked for more than once: reading
// it takes longer than coding a small chunk.
var priors priorCache

type priorCache struct {
	mu     sync.Mutex
	asked  map[kind]bool
	models map[kind]*model
	size   int
}

// PriorMemory is the most memory that the process keeps for starting small chunks, in bytes.
const PriorMemory = 32 << 20

// get gives the model of a kind; keep asks to add it once it is made.
func (c *priorCache) get(k kind) (m *model, keep bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.models[k]; m != nil {
		return m, false
	}
	keep = c.asked[k]
	if c.asked == nil {
		c.asked = map[kind]bool{}
	}
	c.asked[k] = true
	l := k.spec()
	return nil, keep && l.size() <= PriorMemory*3/4
}

// add keeps a copy of m, and forgets others if they are too much together.
func (c *priorCache) add(m *model) {
	own := new(model)
	_ = own.copyFrom(context.Background(), m)
	size := own.held() + cap(own.buf)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size += size; c.size > PriorMemory || c.models == nil {
		c.models, c.size = map[kind]*model{}, size
	}
	c.models[m.kind] = own
}
