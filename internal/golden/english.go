package golden

// English is a text that models of language predict well.
const English = `The ferry left an hour late, because the captain would not sail before the fog had lifted. Nobody on board
was in a hurry. A woman in a green coat had spread her papers over two seats and was adding up a long column of figures;
the boy beside her counted gulls. When the engine started, the whole deck began to tremble, and the cups in the kitchen
answered with a noise like small bells.

"You will see the lighthouse on the left," said the old man at the rail. "It was built after the great storm, when three
ships were lost in one night. My grandfather helped to carry the stones." He did not wait for an answer, and went on
looking at the water, which was as grey as the sky.

By noon the sun had come through. The island lay in front of us, green and much larger than I had thought, with a row of
white houses along the harbour and a road that climbed the hill behind them. We were the only ship that day. The post was
unloaded first, then four bicycles, then a piano, which took six men and a good deal of shouting. I walked up the road
with my bag on my shoulder, asked the way at the shop, and found the house where she had written that it would be.
`
