package mix

import _ "embed"

// prior is a text that the model has read before anything else, so that its weights, maps and line parser do not start
// from nothing: invented lines in the styles of common logs, and a little prose, source and markup. It is part of the format.
//
//go:embed prior.txt
var prior []byte

// readPrior lets the model, which has seen nothing, see the prior.
func (m *model) readPrior() {
	advisor := m.advisor
	m.advisor = nil
	for _, b := range prior {
		m.see(b)
	}
	m.advisor = advisor
}
