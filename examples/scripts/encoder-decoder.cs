#:project ../../Eager.Train/Eager.Train.csproj
// One network reads, another writes: a functional model that learns to turn words around, and is read out letter by letter: dotnet run examples/scripts/encoder-decoder.cs -- [EPOCHS]
int epochs = args.Length > 0 ? int.Parse(args[0]) : 60;
Generator.SetGlobalSeed(1);

// All words of four letters of five: most to learn from, one in eight to be asked for.
const string letters = "^abcde";   // a circumflex begins
const int length = 4, width = 48;
Tensor words = Tensor.Stack([.. Enumerable.Range(0, length).Select(static place => Tensor.Range(625) / (long)Math.Pow(5, place) % 5 + 1)], axis: 1).Shuffle();   // [625, 4]
Tensor turned = words.Flip(1), before = Tensor.Concat([Tensor.Zeros([words.Shape[0], 1], DType.Int64), turned[.., ..^1]], axis: 1);

// The reader's last states are what the writer begins with; the writer sees the letter before each one.
Input word = new([length], DType.Int64, "word"), letterBefore = new([null], DType.Int64, "before");
var embedding = new Embedding(letters.Length, 8);
var writer = new LSTM(width, returnSequences: true, returnState: true, name: "writer");
var logits = new Dense(letters.Length, name: "logits");
IReadOnlyList<SymbolicTensor> read = new LSTM(width, returnState: true, name: "reader").CallAll([embedding.Call(word)]);
IReadOnlyList<SymbolicTensor> written = writer.CallAll(embedding.Call(letterBefore), initialStates: [read[1], read[2]]);
var model = new Model([word, letterBefore], [logits.Call(written[0])]);
Console.WriteLine(model.Summary());

CompiledModel training = model.Compile(new Adam(learningRate: 0.01), Loss.SparseSoftmaxCrossEntropy, [new Accuracy()]);
training.Fit([words[..^78], before[..^78]], [turned[..^78]], batchSize: 64, epochs: epochs, verbose: false);
Console.WriteLine($"letters right where the one before is given: {training.Evaluate([words[^78..], before[^78..]], [turned[^78..]])["accuracy"]:F3}");

// The same layers as two models: one reads a word, one writes a letter and hands its states to the next call.
var reading = new Model([word], [read[1], read[2]]);
Input hidden = new([width], name: "hidden"), cell = new([width], name: "cell");
IReadOnlyList<SymbolicTensor> step = writer.CallAll(embedding.Call(letterBefore), initialStates: [hidden, cell]);
var writing = new Model([letterBefore, hidden, cell], [logits.Call(step[0]), step[1], step[2]]);

Tensor asked = words[^78..], letter = Tensor.Zeros([78, 1], DType.Int64);
IReadOnlyList<Tensor> states = reading.CallAll([asked]);
var answer = new List<Tensor>();
for (int place = 0; place < length; place++)
{
    IReadOnlyList<Tensor> next = writing.CallAll([letter, .. states]);
    (letter, states) = (next[0].ArgMax(-1), [next[1], next[2]]);   // [78, 1]
    answer.Add(letter);
}
Tensor spelled = Tensor.Concat([.. answer], axis: 1);
for (int i = 0; i < 3; i++) Console.WriteLine($"{Spell(asked[i])} -> {Spell(spelled[i])}");
Console.WriteLine($"words right, written by itself: {spelled.Equal(turned[^78..]).All(axis: 1).Cast(DType.Float32).Mean().Item():F3}");

static string Spell(Tensor word) => string.Concat(word.ToArray<long>().Select(static t => letters[(int)t]));
