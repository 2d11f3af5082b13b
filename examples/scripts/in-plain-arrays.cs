#:project ../../Eager.Train/Eager.Train.csproj
// One model trained twice, by the library and in plain C# arrays with gradients derived by hand: dotnet run examples/scripts/in-plain-arrays.cs -- [STEPS]
int steps = args.Length > 0 ? int.Parse(args[0]) : 200;
const int count = 60, inputs = 4, hidden = 6, classes = 3;
const double rate = 0.5;
Generator.SetGlobalSeed(2);

// Points of three classes, and the weights from which both begin.
Tensor points = Tensor.RandomNormal([count, inputs], dtype: DType.Float64), labels = points[.., ..classes].ArgMax(axis: 1);
Variable w1 = new(Tensor.RandomNormal([inputs, hidden], stddev: 0.5, dtype: DType.Float64)), w2 = new(Tensor.RandomNormal([hidden, classes], stddev: 0.5, dtype: DType.Float64));
double[,] x = points.ToArray2D<double>(), a1 = w1.ToArray2D<double>(), a2 = w2.ToArray2D<double>();
long[] y = labels.ToArray<long>();

Tensor loss = Tensor.From(0.0);
var sgd = new Sgd(rate);
for (int step = 0; step < steps; step++) loss = sgd.Minimize(() => Loss.SparseSoftmaxCrossEntropy(labels, points.MatMul(w1).Tanh().MatMul(w2)), [w1, w2]);

double plain = 0;
for (int step = 0; step < steps; step++) plain = Step();

double difference = Math.Max((w1 - Tensor.From(a1)).Abs().Max().Item(), (w2 - Tensor.From(a2)).Abs().Max().Item());
Console.WriteLine($"after {steps} steps: loss {loss.Item():F6} by the library, {plain:F6} by hand");
Console.WriteLine($"the weights agree to 1e-9: {difference < 1e-9}");
Console.WriteLine($"accuracy {points.MatMul(w1).Tanh().MatMul(w2).ArgMax(axis: 1).Equal(labels).Cast(DType.Float64).Mean().Item():F2}");

// Forward, backward and update of softmax(tanh(x·w1)·w2) in loops; the loss before the update.
double Step()
{
    double[,] gradient1 = new double[inputs, hidden], gradient2 = new double[hidden, classes];
    double sum = 0;
    for (int n = 0; n < count; n++)
    {
        double[] h = new double[hidden], p = new double[classes];
        for (int j = 0; j < hidden; j++)
        {
            for (int i = 0; i < inputs; i++) h[j] += x[n, i] * a1[i, j];
            h[j] = Math.Tanh(h[j]);
        }
        for (int k = 0; k < classes; k++)
            for (int j = 0; j < hidden; j++) p[k] += h[j] * a2[j, k];
        double largest = p.Max(), total = p.Sum(v => Math.Exp(v - largest));
        sum += largest + Math.Log(total) - p[y[n]];

        // loss = −log softmax(z)[y] ⇒ dz = softmax(z) − onehot(y);  h = tanh(u) ⇒ du = dh·(1 − h²)
        for (int k = 0; k < classes; k++) p[k] = (Math.Exp(p[k] - largest) / total - (k == y[n] ? 1 : 0)) / count;
        for (int j = 0; j < hidden; j++)
        {
            double back = 0;
            for (int k = 0; k < classes; k++)
            {
                gradient2[j, k] += h[j] * p[k];
                back += a2[j, k] * p[k];
            }
            for (int i = 0; i < inputs; i++) gradient1[i, j] += x[n, i] * back * (1 - h[j] * h[j]);
        }
    }
    Descend(a1, gradient1);
    Descend(a2, gradient2);
    return sum / count;
}

static void Descend(double[,] weights, double[,] gradient)
{
    for (int i = 0; i < weights.GetLength(0); i++)
        for (int j = 0; j < weights.GetLength(1); j++) weights[i, j] -= rate * gradient[i, j];
}
