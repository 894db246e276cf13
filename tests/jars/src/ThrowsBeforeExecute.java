/** A main method that fails before it has submitted anything. */
public class ThrowsBeforeExecute {
    public static void main(String[] args) {
        throw new IllegalArgumentException("on purpose: main fails before execute");
    }
}
