//go:build unix

package main

import "slices"

// grid is the rows of one part of a table: a line for each name, a column for each measure.
type grid struct {
	Part     string
	Measures []string // with their units
	Lines    []line
}

type line struct {
	Name    string
	Cells   []cell // by measure; those that were not measured are zero
	Command string
	Note    string
}

type cell struct{ Ours, Published string }

// pivot arranges rows for print, all in the order in which they first come.
func pivot(rows []row) []grid {
	var grids []grid
	for _, r := range rows {
		i := slices.IndexFunc(grids, func(g grid) bool { return g.Part == r.Part })
		if i < 0 {
			i, grids = len(grids), append(grids, grid{Part: r.Part})
		}
		grids[i].put(r)
	}
	for i := range grids {
		for j := range grids[i].Lines {
			l := &grids[i].Lines[j]
			l.Cells = append(l.Cells, make([]cell, len(grids[i].Measures)-len(l.Cells))...)
		}
	}
	return grids
}

func (g *grid) put(r row) {
	measure := r.Measure
	if r.Unit != "" {
		measure += ", " + r.Unit
	}
	column := slices.Index(g.Measures, measure)
	if column < 0 {
		column, g.Measures = len(g.Measures), append(g.Measures, measure)
	}
	i := slices.IndexFunc(g.Lines, func(l line) bool { return l.Name == r.Name })
	if i < 0 {
		i, g.Lines = len(g.Lines), append(g.Lines, line{Name: r.Name})
	}
	l := &g.Lines[i]
	for len(l.Cells) <= column {
		l.Cells = append(l.Cells, cell{})
	}
	l.Cells[column] = cell{figureText(r.Ours, r.Unit), r.Published}
	if l.Command == "" {
		l.Command = r.Command
	}
	if r.Note != "" && l.Note != r.Note {
		if l.Note != "" {
			l.Note += "; "
		}
		l.Note += r.Note
	}
}

// Published says whether others have published any of it.
func (g grid) Published() bool {
	return slices.ContainsFunc(g.Lines, func(l line) bool {
		return slices.ContainsFunc(l.Cells, func(c cell) bool { return c.Published != "" })
	})
}

// Notes says whether any line has a note.
func (g grid) Notes() bool {
	return slices.ContainsFunc(g.Lines, func(l line) bool { return l.Note != "" })
}
