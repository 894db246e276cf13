import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** A main method that submits two jobs: under one id only the first can be accepted. */
public class ExecutesTwice {
    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.fromSequence(1, Long.MAX_VALUE).sinkTo(new DiscardingSink<>());
        env.executeAsync("first");
        env.fromSequence(1, Long.MAX_VALUE).sinkTo(new DiscardingSink<>());
        env.executeAsync("second");
    }
}
