#:project ../../Eager.Train/Eager.Train.csproj
// A recurrent network that learns to spell, read out by beam search: dotnet run examples/scripts/sequences.cs -- [STEPS]
int steps = args.Length > 0 ? int.Parse(args[0]) : 300;
Generator.SetGlobalSeed(1);

// What there is to learn: "to" with probability 0.4, "tap" and "tan" with 0.3 each. A dot ends, a circumflex begins.
const string letters = "^.toapn";
(string Word, int Times)[] corpus = [("to..", 4), ("tap.", 3), ("tan.", 3)];
Tensor words = Tensor.From([.. corpus.SelectMany(c => Enumerable.Repeat(c.Word, c.Times)).Select(word => word.Select(letter => (long)letters.IndexOf(letter)).ToArray())]);   // [10, 4]
Tensor before = Tensor.Concat([Tensor.Zeros([words.Shape[0], 1], DType.Int64), words[.., ..^1]], axis: 1);                                                                    // [10, 4]

const int width = 24;
var recurrent = new GRU(width, returnSequences: true);
var logits = new Dense(letters.Length);
var adam = new Adam(learningRate: 0.02);
logits.Call(recurrent.Call(OneHot(before)));
Variable[] variables = [.. recurrent.TrainableVariables, .. logits.TrainableVariables];
Tensor loss = Tensor.From(0f);
for (int step = 0; step < steps; step++) loss = adam.Minimize(() => Loss.SparseSoftmaxCrossEntropy(words, logits.Call(recurrent.Call(OneHot(before)))), variables);

// Nothing can be nearer than the entropy of the words themselves, spread over their four letters.
double entropy = -(0.4 * Math.Log(0.4) + 0.6 * Math.Log(0.3)) / 4;
Console.WriteLine($"loss {loss.Item():F3}, at least {entropy:F3}");

// After t an a is likelier than the o of the likeliest word: only a beam of three finds that, and all words in order.
foreach (int beam in new[] { 1, 3 })
{
    (Tensor tokens, Tensor logProbabilities) = Cookbook.RnnBeamSearch(Advance, Tensor.Zeros([1, width]), sequenceLength: 4, beamWidth: beam, beginToken: 0, endToken: letters.IndexOf('.'));
    for (int i = 0; i < beam; i++) Console.WriteLine($"beam {beam}: {Spell(tokens[0, i])} {logProbabilities[0, i].Exp().Item():F2}");
}

// One step of every sequence of the beam: states [batch, beam, width] and tokens [batch, beam].
(Tensor State, Tensor Logits) Advance(Tensor state, Tensor tokens)
{
    (Dim batch, Dim beam) = (tokens.Shape[0], tokens.Shape[1]);
    RecurrentResult result = recurrent.Run(OneHot(tokens.Reshape([batch * beam, 1])), [state.Reshape([batch * beam, width])]);
    return (result.States[0].Reshape([batch, beam, width]), logits.Call(result.Output).Reshape([batch, beam, letters.Length]));
}

static Tensor OneHot(Tensor tokens) => Tensor.OneHot(tokens, letters.Length);   // [batch, time, letters]

static string Spell(Tensor tokens) => string.Concat(tokens.ToArray<long>().Select(t => letters[(int)t])).TrimEnd('.');
